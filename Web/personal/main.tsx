import { mount } from '../lib/mount';
import { Routes, route, useTitle } from '../lib/router';
import { useSession } from '../lib/session';
import { useMessages } from './messages';

function Home() {
  const text = useMessages();
  const status = useSession((state) => state.status);
  useTitle(text.welcome);
  return (
    <main>
      <h1>{status === 'signedIn' ? text.welcome : text.signIn}</h1>
    </main>
  );
}

const routes = [route('/', Home)];

function NotFound() {
  const text = useMessages();
  return (
    <main>
      <h1>{text.notFound}</h1>
    </main>
  );
}

function App() {
  return <Routes routes={routes} notFound={<NotFound />} />;
}

mount(<App />);
