// A model of 1 GiB from a neighbour beside plain TLS (lan_copy.cpp says how).
import { runProgram } from './measure.mjs';

runProgram('bench_lan_copy');
