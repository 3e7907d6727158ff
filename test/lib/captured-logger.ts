// A logger whose lines a test can read.
import { pino } from 'pino';
import type { Logger } from '../../src/lib/logger.js';

export function capturedLogger(): { logger: Logger; lines: Record<string, any>[] } {
  const lines: Record<string, any>[] = [];
  const logger = pino({ level: 'trace' }, { write: (text: string) => void lines.push(JSON.parse(text)) });
  return { logger, lines };
}
