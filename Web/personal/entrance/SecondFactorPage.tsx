import { useMessages } from '../messages';
import { Entrance } from './Entrance';
import { SecondFactorForm } from './SecondFactorForm';

export default function SecondFactorPage() {
  const text = useMessages();
  return (
    <Entrance title={text.secondFactor.title}>
      <SecondFactorForm />
    </Entrance>
  );
}
