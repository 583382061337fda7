import { Field, PasswordInput } from '../../ui/Field';
import { useMessages } from '../messages';

export interface NewPassword {
  password: string;
  repeated: string;
}

/** What can be said about a new password before the bank is asked. */
export function useNewPasswordFaults(value: NewPassword, isTried: boolean): { password: string | null; repeated: string | null } {
  const text = useMessages();
  if (!isTried) return { password: null, repeated: null };
  const password =
    value.password === '' ? text.password.missing : value.password.length < 8 ? (text.passwordFields['too_short'] ?? null) : null;
  return { password, repeated: password === null && value.repeated !== value.password ? text.password.mismatch : null };
}

export function NewPasswordFields({
  value,
  onChange,
  passwordError,
  repeatedError,
}: {
  value: NewPassword;
  onChange: (value: NewPassword) => void;
  passwordError: string | null;
  repeatedError: string | null;
}) {
  const text = useMessages();
  return (
    <>
      <Field label={text.password.new} hint={text.password.rule} error={passwordError}>
        <PasswordInput
          name="newPassword"
          autoComplete="new-password"
          maxLength={128}
          value={value.password}
          onChange={(event) => onChange({ ...value, password: event.target.value })}
        />
      </Field>
      <Field label={text.password.repeat} error={repeatedError}>
        <PasswordInput
          name="repeatedPassword"
          autoComplete="new-password"
          maxLength={128}
          value={value.repeated}
          onChange={(event) => onChange({ ...value, repeated: event.target.value })}
        />
      </Field>
    </>
  );
}
