// The interactive page of one REST dialect: its name is the last part of the address.
const name = location.pathname.split('/').pop();

SwaggerUIBundle({
  url: `/openapi/${name}.json`,
  dom_id: '#page',
  deepLinking: true,
  docExpansion: 'list',
  displayRequestDuration: true,
  // A badge of another origin otherwise.
  validatorUrl: null,
});
