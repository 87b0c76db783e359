// SHA-256 of artefacts on one core beside OpenSSL alone (hashing.cpp).
import { runProgram } from './measure.mjs';

runProgram('bench_hashing');
