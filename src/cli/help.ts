// What `build-catalog --help` says.

export const HELP = `Usage:
  build-catalog convert IMAGE --output FILE.eif|IMAGE [options]
  build-catalog describe FILE.eif [--show-env] [--json]
  build-catalog diff A.eif B.eif [--json]
  build-catalog --help | --version

convert   makes an AWS Nitro Enclave image (EIF) of a docker image, without Docker and without a server
describe  tells what is in an EIF
diff      tells what differs between two EIFs

IMAGE is one of
  [HOST[:PORT]/]NAME[:TAG][@DIGEST]   in a registry
  oci:DIR[:NAME]                      in an OCI image layout
  docker-archive:FILE[:NAME[:TAG]]    in a file of docker save or skopeo (only to be read)

Options of convert:
  -o, --output FILE.eif|IMAGE  where the result goes: the EIF alone, or an image that holds it as /enclave/enclave.eif
      --arch amd64|arm64       which of the image's architectures (amd64)
      --blobs DIR              the boot files (NITRO_BLOBS_DIR, or /usr/share/nitro_enclaves/blobs)
      --entrypoint WORD        replaces ENTRYPOINT, and drops CMD; once for each word
      --arg WORD               replaces CMD; once for each word (--arg=-c for a word that begins with a dash)
      --env NAME=VALUE         adds to the environment or replaces; may be repeated
      --image-name NAME        what the EIF's metadata call the image (not measured); its own name if left out
      --signing-key FILE       signs the EIF, with the certificate of --signing-certificate FILE
      --allow HOST[:PORT]      a registry that may be private or plain http; may be repeated (UPSTREAM_ALLOW)
      --username NAME          who to be at the registry of IMAGE (of the output where IMAGE is in none),
      --password-stdin         and its password on standard input; else what \`docker login\` keeps is used
      --cache DIR              keeps what is pulled, for the next time
      --tmp DIR                for temporary files (TMPDIR); they take as much as the image unpacked, twice
      --json                   events and the result as JSON, one object a line

describe names the environment's variables only, as values may be secrets; --show-env shows these too.

Exit codes: 0 done, 1 failed (or something is wrong with the EIF described), 2 wrong usage, 130 interrupted;
of diff: 0 identical, 1 different, 2 trouble.
`;
