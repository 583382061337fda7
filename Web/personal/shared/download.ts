import { type CallArguments, call, type ReadOperation } from '../../lib/api';

/** Fetches a file and hands it to the browser's downloads. @throws ProblemError */
export async function download<Name extends ReadOperation>(
  operation: Name,
  input: CallArguments<Name>[0],
  fileName: string,
): Promise<void> {
  const file = (await call<ReadOperation>(
    operation,
    ...([input, { responseType: 'blob', timeoutMilliseconds: 60_000 }] as unknown as CallArguments<ReadOperation>),
  )) as unknown as Blob;
  saveFile(file, fileName);
}

export function saveFile(file: Blob, fileName: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName;
  link.click();
  // Browsers start the download in their own time.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
