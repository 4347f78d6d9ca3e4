/** The form of each kind of step. The people of the step prove themselves below; the input is built when they press the button. */
import type { StepProps } from './step-act.tsx';
import { EnterComponent } from './step-component.tsx';
import { Agree, DestroyEnvelopes } from './step-end.tsx';
import { FormKey, VerifyKey } from './step-key.tsx';
import { Arrive, CheckToken, Clock, ReadDefinition } from './step-room.tsx';

export const StepInputs = (props: StepProps) => {
  switch (props.step.kind) {
    case 'arrive':
      return <Arrive {...props} />;
    case 'clock':
      return <Clock {...props} />;
    case 'definition.read':
      return <ReadDefinition {...props} />;
    case 'token.check':
      return <CheckToken {...props} />;
    case 'component.enter':
      return <EnterComponent {...props} />;
    case 'key.form':
      return <FormKey {...props} />;
    case 'key.verify':
      return <VerifyKey {...props} />;
    case 'envelopes.destroy':
      return <DestroyEnvelopes {...props} />;
    case 'agree':
      return <Agree {...props} />;
  }
};
