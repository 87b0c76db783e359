// An owner's statement of a month with a million meter records against a raw scan of those rows.
// It fails when the statement takes longer than twice the scan.
import { runProgram } from './measure.mjs';

runProgram('bench_statement');
