import { type FormEvent, useState } from 'react';
import { useMutation } from '../../lib/query';
import { Link } from '../../lib/router';
import { Banner } from '../../ui/Banner';
import { Button, LinkButton } from '../../ui/Button';
import { Field, TextInput } from '../../ui/Field';
import { useMessages } from '../messages';
import { useProblems } from '../shared/problems';
import { Entrance } from './Entrance';

/** Asks for a link. The answer is the same whether the name is known or not, so that nobody can find out. */
export default function ForgotPasswordPage() {
  const text = useMessages();
  const problems = useProblems();
  const [username, setUsername] = useState('');
  const [isTried, setIsTried] = useState(false);
  const forgot = useMutation('POST /authentication/forgot-password');

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (username.trim() !== '') void forgot.run({ body: { username: username.trim() } });
  };

  if (forgot.data !== undefined) {
    return (
      <Entrance title={text.forgot.sentTitle} lead={text.forgot.sent}>
        <LinkButton to="/" kind="secondary" isWide>
          {text.forgot.toSignIn}
        </LinkButton>
      </Entrance>
    );
  }
  return (
    <Entrance title={text.forgot.title} lead={text.forgot.lead}>
      <form onSubmit={submit} noValidate className="flex flex-col gap-5">
        {forgot.error !== null && <Banner tone="danger">{problems.of(forgot.error)}</Banner>}
        <Field label={text.forgot.username} error={isTried && username.trim() === '' ? text.forgot.missing : null}>
          <TextInput
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            maxLength={255}
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
        </Field>
        <Button type="submit" isWide isBusy={forgot.isRunning} className="min-h-12">
          {text.forgot.submit}
        </Button>
        <Link to="/" className="inline-flex min-h-11 items-center justify-center font-semibold text-brand-text hover:underline">
          {text.forgot.toSignIn}
        </Link>
      </form>
    </Entrance>
  );
}
