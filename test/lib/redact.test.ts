import { redactor } from '../../src/lib/redact.js';

const SECRET = 'p@ss wörd/+';

describe('the redactor', () => {
  it('takes a secret out as it is, in base64 and percent-encoded, wherever it stands', () => {
    const forms = [SECRET, Buffer.from(SECRET).toString('base64'), encodeURIComponent(SECRET)];
    const text = forms.map((form) => `<${form}>${form}`).join(' ');
    expect(redactor([SECRET])(text)).toBe('<***>*** <***>*** <***>***');
  });

  it('takes a secret out that stands in JSON', () => {
    expect(redactor(['pass"wo\\rd'])(JSON.stringify({ given: 'pass"wo\\rd' }))).toBe('{"given":"***"}');
  });

  it('leaves no rest of a secret that another one is part of', () => {
    const redact = redactor(['hunter', 'hunter2', 'user:hunter2']);
    expect(redact('user:hunter2 hunter2 hunter')).toBe('*** *** ***');
  });

  it('does not take short or empty ones, which would hit by chance', () => {
    expect(redactor(['', 'a', 'abc'])('abc aaa')).toBe('abc aaa');
    expect(redactor([])('abc')).toBe('abc');
  });

  it('takes characters literally', () => {
    expect(redactor(['a.*b'])('axxb a.*b $& ')).toBe('axxb *** $& ');
    expect(redactor(['$&$1'])('x$&$1y')).toBe('x***y');
  });
});
