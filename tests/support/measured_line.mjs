// A line between a node and the coordinator that stops after so many bytes of the node's: what the
// coordinator has seen of an answer then does not depend on how fast anything is.
import net from 'node:net';

export class MeasuredLine {
  #left = Infinity;

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
  allow(bytes) { this.#left = bytes; }

  #pass(near, far, bytes) {
    if (this.#left > 0) far.write(bytes.subarray(0, this.#left));
    this.#left -= bytes.length;
    if (this.#left <= 0) near.pause();
  }

  close() { this.server.close(); }
}
