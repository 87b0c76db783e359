// The CUDA benchmark of a card against what its maker says of it; passed over where no driver is.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const built = (path) => join(process.env.GLEANER_BINARY_DIR, path);

function skip(why) {
  console.log(`not measured: ${why}`);
  console.log(JSON.stringify({ bench: 'gpu', skipped: true, why }));
  process.exit(0);
}

if (!['/proc/driver/nvidia/version', '/dev/nvidiactl'].some(existsSync))
  skip('there is no NVIDIA driver on this machine');
const program = built('client-core/bench/cuda/gleaner-gpu-bench');
spawnSync('cmake', ['--build', process.env.GLEANER_BINARY_DIR, '--target', 'gleaner-gpu-bench'],
  { stdio: ['ignore', 2, 2] });
if (!existsSync(program)) skip('gleaner-gpu-bench is not built here, for want of nvcc');
const run = spawnSync(program, [], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
if (run.status === 3) skip('the driver has no CUDA device');
if (run.status !== 0) throw new Error(`gleaner-gpu-bench ended with ${run.status ?? run.signal}`);
const card = spawnSync(built('tests/bench/bench_gpu_card'), [],
  { input: run.stdout, stdio: ['pipe', 'inherit', 'inherit'] });
if (card.status !== 0) throw new Error('its report cannot be read');
