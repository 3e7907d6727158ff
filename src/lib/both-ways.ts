// A class that GraphQL answers as `<Class>` and takes as `<Class>Input`, with one description for both.
import { InputType, ObjectType } from 'type-graphql';

export const BothWays =
  (description: string): ClassDecorator =>
  (target) => {
    ObjectType({ simpleResolvers: true, description })(target);
    InputType(`${target.name}Input`, { description })(target);
  };
