// The tests of one grid: set up once, and when anything fails its programs' logs are printed.
import { after, before, test } from 'node:test';

// Returns the function that defines a test: (name, body).
export function testsOf(grid, setUp) {
  let failed = false;
  const watched = (body) => async (context) => {
    try {
      await body(context);
    } catch (problem) {
      failed = true;
      throw problem;
    }
  };
  before(watched(setUp));
  after(() => grid.stop(failed));
  return (name, body) => test(name, watched(body));
}
