// A real X server without a screen, with a key of its own, and real input.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

export class Desktop {
  // Starts one whose authority file lies in `folder`.
  static async start(folder) {
    const desktop = new Desktop();
    desktop.authority = join(folder, 'xauthority');
    const cookie = Buffer.from('secret-sixteen-b');
    const part = (bytes) => Buffer.concat([Buffer.from([0, bytes.length]), bytes]);
    const { writeFileSync } = await import('node:fs');
    writeFileSync(desktop.authority, Buffer.concat([Buffer.from([0xff, 0xff]), part(Buffer.alloc(0)),
      part(Buffer.alloc(0)), part(Buffer.from('MIT-MAGIC-COOKIE-1')), part(cookie)]), { mode: 0o600 });
    desktop.child = spawn('Xvfb', ['-displayfd', '3', '-auth', desktop.authority, '-screen', '0',
      '800x600x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    const number = await new Promise((resolve, reject) => {
      desktop.child.stdio[3].once('data', (bytes) => resolve(bytes.toString().trim()));
      desktop.child.once('exit', () => reject(new Error('Xvfb does not start: run installer/setup')));
    });
    desktop.display = `:${number}`;
    return desktop;
  }

  get environment() { return { DISPLAY: this.display, XAUTHORITY: this.authority }; }

  // Real input through the server's XTEST: "key a", "mousemove 10 10".
  input(...what) {
    const done = spawnSync('xdotool', what, { env: { ...process.env, ...this.environment } });
    if (done.status !== 0) throw new Error(`xdotool ${what}: ${done.stderr}`);
  }

  stop() { this.child.kill(); }
}
