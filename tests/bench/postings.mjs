// Durable postings a second beside SQLite alone with the same rows (postings.cpp).
import { runProgram } from './measure.mjs';

runProgram('bench_postings');
