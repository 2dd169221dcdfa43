import type { LoginWays } from "@rackwright/contract";
import { useEffect, useState } from "react";
import { loginWays, signIn } from "./api.ts";
import type { Session } from "./api.ts";

export function SignIn({ onSignedIn }: { onSignedIn: (session: Session) => void }): React.ReactNode {
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [providers, setProviders] = useState<LoginWays["oidc"]>([]);
  useEffect(() => {
    // Without them there is still the password, whose answer tells what is wrong.
    loginWays().then(
      ({ oidc }) => setProviders(oidc),
      () => setProviders([]),
    );
  }, []);
  const submit = (event: React.FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const field = (name: string): string => {
      const value = form.get(name);
      return typeof value === "string" ? value : "";
    };
    setBusy(true);
    signIn(field("username"), field("password")).then(onSignedIn, (error: Error) => {
      setProblem(error.message);
      setBusy(false);
    });
  };
  return (
    <form className="sign-in" onSubmit={submit}>
      <img src="/icon.svg" alt="" width="56" height="56" />
      <h1>Rackwright</h1>
      <label>
        User name
        <input name="username" autoComplete="username" required />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
      {problem === null ? null : (
        <p className="failure" role="alert">
          {problem}
        </p>
      )}
      <button type="submit" disabled={busy}>
        Sign in
      </button>
      {providers.map(({ name, title, url }) => (
        <a key={name} className="button" href={`${url}?return_to=/`}>
          Sign in with {title}
        </a>
      ))}
      <p className="quiet">
        No account yet? Run <code>rackwright createadmin --username NAME</code> on the region&apos;s host.
      </p>
    </form>
  );
}
