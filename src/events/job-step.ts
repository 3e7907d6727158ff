// Alone in its file, so that the process of a conversion loads neither GraphQL nor the database for it.
export enum JobStep {
  LISTING = 'LISTING',
  IMPORTING = 'IMPORTING',
  PULLING = 'PULLING',
  FLATTENING = 'FLATTENING',
  BUILDING = 'BUILDING',
  MEASURING = 'MEASURING',
  SIGNING = 'SIGNING',
  PUSHING = 'PUSHING',
  COMPARING = 'COMPARING',
  REGISTERING = 'REGISTERING',
}
