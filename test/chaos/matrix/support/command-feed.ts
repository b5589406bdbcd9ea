import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface HeardCommand {
  readonly args: readonly string[];
  /** Whether a script has called it, and not a client. */
  readonly isOfScript: boolean;
}

/**
 * Every command that a Redis executes, those of scripts included, in order, by `MONITOR`. Over a socket of its own:
 * ioredis breaks down where commands come in along with the answer to `MONITOR`.
 */
export class CommandFeed {
  private constructor(private readonly socket: Socket) {}

  static async open(url: string, onCommand: (command: HeardCommand) => void): Promise<CommandFeed> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const lines = createInterface({ input: socket });
    const isOn = once(lines, 'line');
    lines.on('line', (line) => onCommand(parse(line)));
    socket.write('MONITOR\r\n');
    await isOn;
    return new CommandFeed(socket);
  }

  close(): void {
    this.socket.destroy();
  }
}

// 1795812787.152670 [0 lua] "ZADD" "key" "1" "member"
function parse(line: string): HeardCommand {
  const args = Array.from(line.matchAll(/"((?:[^"\\]|\\.)*)"/g), ([, arg]) => arg ?? '');
  return { args, isOfScript: line.slice(0, line.indexOf('"')).endsWith(' lua] ') };
}
