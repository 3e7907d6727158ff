// What ccm_util and IBM's forms put on the wire, odd members and all, by the reference's "HTTP quirks".

/** `POST /v1/apps` */
export const CCM_UTIL_APP = {
  name: 'made by ccm_util',
  description: '',
  input_image_name: 'example/in',
  output_image_name: 'example/out',
  isvprodid: 1,
  isvsvn: 1,
  mem_size: 2048,
  threads: 128,
  allowed_domains: ['util.example.com'],
  ...{ inputImageName: 'example/in', outputImageName: 'example/out', javaMode: '', rwDirs: [] },
  ...{ debug: '', memSize: '', enable_overlay_filesystem_persistence: 'False' },
  advanced_settings: {
    entrypoint: [],
    encryptedDirs: [],
    java_runtime: '',
    caCertificate: { caPath: '/ca.pem', caCertPath: '', system: 'undefined' },
    certificate: {
      ...{ altNames: [], chainPath: '', issuer: '', keyType: '', subject: '', keyParam: { size: 2048 } },
      ...{ keyPath: '/key.pem', certPath: '/cert.pem' },
    },
  },
};

/** What of it is kept; all else says nothing or means nothing. */
export const CCM_UTIL_SETTINGS = {
  entrypoint: [],
  encryptedDirs: [],
  certificate: { subject: '', keyParam: { size: 2048 }, keyPath: '/key.pem', certPath: '/cert.pem' },
};

/** `POST /v1/builds` */
export const CCM_UTIL_BUILD = {
  docker_info: { docker_image_name: 'example/in', docker_version: '', docker_image_size: 12 },
  ...{ mrenclave: '', mrsigner: '', isvprodid: '', isvsvn: '', app_id: '', group_id: '' },
  ...{ mem_size: '', threads: '', enable_overlay_filesystem_persistence: '', launch_hint: null },
  advanced_settings: { java_runtime: '', certificate: { issuer: '', keyType: '' } },
};
