// A certificate that only who is told to trusts, made by openssl.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** @param names of the server, `DNS:name` or `IP:address`, with commas between */
export function makeCertificate(folder: string, names: string): { keyFile: string; certificateFile: string } {
  const [keyFile, certificateFile] = [join(folder, 'server.key'), join(folder, 'server.crt')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const about = ['-subj', '/CN=server', '-addext', `subjectAltName=${names}`, '-days', '2'];
  const files = ['-keyout', keyFile, '-out', certificateFile];
  execFileSync('openssl', ['req', '-x509', ...curve, ...about, ...files], { stdio: 'ignore' });
  return { keyFile, certificateFile };
}
