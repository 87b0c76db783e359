// A line between a node and the coordinator that stops after so many bytes of the node's: what the
// coordinator has seen of an answer then does not depend on how fast anything is.
import net from 'node:net';

export class MeasuredLine {
  #left = Infinity;
  #held = [];  // what waits: [from, to, bytes]

  // A promise of a line to that port of this machine.
  static open(port) {
    const line = new MeasuredLine();
    line.server = net.createServer((near) => {
      const far = net.connect(port, '127.0.0.1');
      near.on('data', (bytes) => line.#pass(near, far, bytes));
      far.pipe(near);
      for (const [end, other] of [[near, far], [far, near]]) {
        end.on('error', () => {}).on('close', () => other.destroy());
      }
    });
    return new Promise((resolve) => {
      line.server.listen(0, '127.0.0.1', () => resolve(line));
    });
  }

  get port() { return this.server.address().port; }

  // Lets through this many bytes more from the node, and then none.
  allow(bytes) {
    this.#left = bytes;
    for (const [near, far, held] of this.#held.splice(0)) {
      near.resume();
      this.#pass(near, far, held);
    }
  }

  #pass(near, far, bytes) {
    const now = bytes.subarray(0, Math.min(bytes.length, this.#left));
    this.#left -= now.length;
    if (now.length > 0) far.write(now);
    if (now.length === bytes.length) return;
    near.pause();
    this.#held.push([near, far, bytes.subarray(now.length)]);
  }

  close() { this.server.close(); }
}
