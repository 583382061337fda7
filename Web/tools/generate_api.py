#!/usr/bin/env python3
"""Makes the typed API client, Web/lib/api.ts, from the program's OpenAPI document.

Usage: wekeza openapi | Web/tools/generate_api.py > Web/lib/api.ts

Only types are generated, one entry an operation; the one function that uses them is the same for all. So the client costs the
page nothing, and a change of the contract that matters to a page fails its type check.
"""

import json
import re
import sys

HEADING = """\
// Generated from the program's OpenAPI document by Web/tools/generate_api.py. Not kept in git.

import { type CallOptions, request, type RequestParts } from './http';

"""

FUNCTION = """
/** `METHOD /path` under /api. */
export type Operation = keyof Operations;
export type Input<Name extends Operation> = Operations[Name]['input'];
export type Reply<Name extends Operation> = Operations[Name]['reply'];

/** Operations by method, for hooks that only read or only write. */
export type ReadOperation = Extract<Operation, `GET ${string}`>;
export type WriteOperation = Exclude<Operation, ReadOperation>;

/** The input may be left out when nothing in it is required. */
export type CallArguments<Name extends Operation> = Record<string, never> extends Input<Name>
  ? [input?: Input<Name>, options?: CallOptions]
  : [input: Input<Name>, options?: CallOptions];

/**
 * Calls an operation of the API: `call('GET /customer-portal/accounts/{account}', { path: { account } })`.
 * @throws ProblemError
 */
export function call<Name extends Operation>(operation: Name, ...[input, options]: CallArguments<Name>): Promise<Reply<Name>> {
  const space = operation.indexOf(' ');
  return request<Reply<Name>>(operation.slice(0, space), operation.slice(space + 1), input as RequestParts, options);
}
"""


def literal(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def key(name):
    return name if re.fullmatch(r"[A-Za-z_$][\w$]*", name) else literal(name)


def type_of(schema, indent):
    """The TypeScript type of a schema."""
    if "$ref" in schema:
        text = schema["$ref"].rsplit("/", 1)[1]
    elif "enum" in schema:
        text = " | ".join(literal(value) if isinstance(value, str) else json.dumps(value) for value in schema["enum"])
    elif any(word in schema for word in ("oneOf", "anyOf")):
        text = " | ".join(type_of(part, indent) for part in schema.get("oneOf") or schema["anyOf"])
    elif "allOf" in schema:
        text = " & ".join(type_of(part, indent) for part in schema["allOf"])
    else:
        text = plain_type(schema, indent)
    return f"({text}) | null" if schema.get("nullable") and " | " in text else text + (" | null" if schema.get("nullable") else "")


def plain_type(schema, indent):
    kind = schema.get("type")
    if kind == "array":
        item = type_of(schema.get("items", {}), indent)
        return f"({item})[]" if " " in item and not item.startswith("{") else f"{item}[]"
    if kind == "object" or "properties" in schema:
        if schema.get("properties"):
            return members(schema, indent)
        values = schema.get("additionalProperties")
        return f"Record<string, {type_of(values, indent) if isinstance(values, dict) else 'unknown'}>"
    return {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}.get(kind, "unknown")


def members(schema, indent):
    required = set(schema.get("required", []))
    lines = ["{"]
    for name, member in schema["properties"].items():
        if member.get("description"):
            lines.append(f"{indent}  /** {member['description'].replace('*/', '* /')} */")
        lines.append(f"{indent}  {key(name)}{'' if name in required else '?'}: {type_of(member, indent + '  ')};")
    return "\n".join(lines + [indent + "}"])


def resolve(document, value):
    while "$ref" in value:
        node = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            node = node[step]
        value = node
    return value


def parameters(document, operation, place, indent):
    """The type of the path or query parameters, and whether one is required; None when there are none."""
    found = [resolve(document, each) for each in operation.get("parameters", [])]
    found = [each for each in found if each["in"] == place]
    if not found:
        return None
    lines = [f"{indent}  {key(each['name'])}{'' if each.get('required') else '?'}: {parameter_type(each, indent)};" for each in found]
    return "\n".join(["{", *lines, indent + "}"]), any(each.get("required") for each in found)


def parameter_type(parameter, indent):
    kind = type_of(parameter.get("schema", {}), indent + "  ")
    return kind if parameter.get("required") else f"{kind} | undefined"


def content_type_of(document, message, indent):
    """The type of a JSON body; `Blob` for a file; None without content."""
    content = resolve(document, message).get("content")
    if not content:
        return None
    for media, value in content.items():
        if media.split(";")[0] == "application/json":
            return type_of(value.get("schema", {}), indent)
    if any(media.startswith("multipart/") for media in content):
        return "FormData"
    return "Blob"


def operation_entry(document, method, path, operation):
    indent = "    "
    parts = []
    for place in ("path", "query"):
        if (found := parameters(document, operation, place, indent + "  ")) is not None:
            parts.append(f"{indent}  {place}{'' if found[1] else '?'}: {found[0]};")
    if (body := operation.get("requestBody")) is not None:
        mark = "" if resolve(document, body).get("required") else "?"
        parts.append(f"{indent}  body{mark}: {content_type_of(document, body, indent + '  ')};")
    replies = []
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            reply = content_type_of(document, response, indent) or "void"
            if reply not in replies:
                replies.append(reply)
    lines = [f"  /** {operation.get('summary', '')} */", f"  {literal(f'{method.upper()} {path}')}: {{"]
    if parts:
        lines += [f"{indent}input: {{", *parts, f"{indent}}};"]
    else:
        lines.append(f"{indent}input: Record<string, never>;")
    lines += [f"{indent}reply: {' | '.join(replies) or 'void'};", "  };"]
    return "\n".join(lines)


def generate(document):
    out = [HEADING]
    for name, schema in document["components"]["schemas"].items():
        if schema.get("properties"):
            out.append(f"export interface {name} {members(schema, '')}\n\n")
        else:
            out.append(f"export type {name} = {type_of(schema, '')};\n\n")
    entries = [
        operation_entry(document, method, path.removeprefix("/api"), operation)
        for path, item in document["paths"].items() if path.startswith("/api/")
        for method, operation in item.items() if method in ("get", "post", "put", "patch", "delete")]
    out.append("export interface Operations {\n" + "\n".join(entries) + "\n}\n")
    out.append(FUNCTION)
    return "".join(out)


if __name__ == "__main__":
    sys.stdout.write(generate(json.load(sys.stdin)))
