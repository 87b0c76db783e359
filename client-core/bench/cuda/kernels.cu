#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <mma.h>
#include <type_traits>

#include "client-core/bench/cuda/kernels.h"
#include "client-core/bench/cuda/values.h"

namespace gleaner::cuda {

namespace {

constexpr std::uint32_t stream_blocks = 1024;
constexpr std::uint32_t stream_threads = 256;

__device__ std::uint64_t global_thread() {
    return static_cast<std::uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

__device__ std::uint64_t all_threads() {
    return static_cast<std::uint64_t>(gridDim.x) * blockDim.x;
}

template <class T>
__global__ void fill_kernel(T* data, std::uint64_t count, std::uint32_t which) {
    for (std::uint64_t i = global_thread(); i < count; i += all_threads()) {
        data[i] = static_cast<T>(static_cast<float>(matrix_value(which, i)));
    }
}

// Factor and addend come as arguments: the compiler must not know that two steps undo each other.
__global__ void chain_kernel(float* out, std::uint32_t rounds, float factor, float addend) {
    const auto thread = static_cast<std::uint32_t>(global_thread());
    float x[chain_lanes];
#pragma unroll
    for (std::uint32_t lane = 0; lane < chain_lanes; ++lane) x[lane] = chain_begin(thread, lane);
    for (std::uint32_t round = 0; round < rounds; ++round) {
#pragma unroll
        for (std::uint32_t step = 0; step < chain_unroll; ++step) {
#pragma unroll
            for (std::uint32_t lane = 0; lane < chain_lanes; ++lane) {
                x[lane] = __fmaf_rn(x[lane], factor, addend);
            }
        }
    }
    float sum = 0;
#pragma unroll
    for (std::uint32_t lane = 0; lane < chain_lanes; ++lane) sum = __fadd_rn(sum, x[lane]);
    out[thread] = sum;
}

/// Turing has no BF16: its build of that kernel is empty.
template <class T>
__device__ constexpr bool has_tiles_of() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
    return !std::is_same_v<T, __nv_bfloat16>;
#else
    return true;
#endif
}

template <class T, class Sum>
__device__ void multiply_tiles(const T* a, const T* b, Sum* out, std::uint32_t rounds) {
    using namespace nvcuda;
    constexpr int side = static_cast<int>(tile_side);
    constexpr std::uint32_t cells = tile_side * tile_side;
    wmma::fragment<wmma::matrix_a, side, side, side, T, wmma::row_major> left[tile_pairs];
    wmma::fragment<wmma::matrix_b, side, side, side, T, wmma::row_major> right[tile_pairs];
    wmma::fragment<wmma::accumulator, side, side, side, Sum> sums[tile_pairs][tile_pairs];
#pragma unroll
    for (std::uint32_t i = 0; i < tile_pairs; ++i) {
        wmma::load_matrix_sync(left[i], a + i * cells, tile_side);
        wmma::load_matrix_sync(right[i], b + i * cells, tile_side);
#pragma unroll
        for (std::uint32_t j = 0; j < tile_pairs; ++j) {
            wmma::fill_fragment(sums[i][j], static_cast<Sum>(0));
        }
    }
    for (std::uint32_t round = 0; round < rounds; ++round) {
#pragma unroll
        for (std::uint32_t i = 0; i < tile_pairs; ++i) {
#pragma unroll
            for (std::uint32_t j = 0; j < tile_pairs; ++j) {
                wmma::mma_sync(sums[i][j], left[i], right[j], sums[i][j]);
            }
        }
    }
#pragma unroll
    for (int cell = 0; cell < sums[0][0].num_elements; ++cell) {
        sums[0][0].x[cell] += sums[0][1].x[cell] + sums[1][0].x[cell] + sums[1][1].x[cell];
    }
    const std::uint64_t warp = global_thread() / 32;
    wmma::store_matrix_sync(out + warp * cells, sums[0][0], tile_side, wmma::mem_row_major);
}

template <class T, class Sum>
__global__ void tile_kernel(const T* a, const T* b, Sum* out, std::uint32_t rounds) {
    if constexpr (has_tiles_of<T>()) multiply_tiles(a, b, out, rounds);
}

__global__ void write_kernel(std::uint64_t* data, std::uint64_t words, std::uint64_t first,
                             std::uint64_t seed) {
    for (std::uint64_t i = global_thread(); i < words; i += all_threads()) {
        data[i] = pattern_word(first + i, seed);
    }
}

__global__ void check_kernel(const std::uint64_t* data, std::uint64_t words, std::uint64_t first,
                             std::uint64_t seed, unsigned long long* wrong,
                             unsigned long long* first_wrong) {
    for (std::uint64_t i = global_thread(); i < words; i += all_threads()) {
        if (data[i] == pattern_word(first + i, seed)) continue;
        atomicAdd(wrong, 1ULL);
        atomicMin(first_wrong, static_cast<unsigned long long>(first + i));
    }
}

}  // namespace

cudaError_t fill_matrix(Element element, void* data, std::uint64_t count, std::uint32_t which) {
    switch (element) {
        case Element::fp16:
            fill_kernel<<<stream_blocks, stream_threads>>>(static_cast<__half*>(data), count,
                                                           which);
            break;
        case Element::bf16:
            fill_kernel<<<stream_blocks, stream_threads>>>(static_cast<__nv_bfloat16*>(data), count,
                                                           which);
            break;
        case Element::int8:
            fill_kernel<<<stream_blocks, stream_threads>>>(static_cast<signed char*>(data), count,
                                                           which);
            break;
    }
    return cudaGetLastError();
}

cudaError_t run_chains(Grid grid, float* out, std::uint32_t rounds) {
    chain_kernel<<<grid.blocks, grid.threads>>>(out, rounds, chain_factor, chain_addend);
    return cudaGetLastError();
}

cudaError_t run_tiles(Element element, Grid grid, const void* a, const void* b, void* out,
                      std::uint32_t rounds) {
    switch (element) {
        case Element::fp16:
            tile_kernel<<<grid.blocks, grid.threads>>>(static_cast<const __half*>(a),
                                                       static_cast<const __half*>(b),
                                                       static_cast<float*>(out), rounds);
            break;
        case Element::bf16:
            tile_kernel<<<grid.blocks, grid.threads>>>(static_cast<const __nv_bfloat16*>(a),
                                                       static_cast<const __nv_bfloat16*>(b),
                                                       static_cast<float*>(out), rounds);
            break;
        case Element::int8:
            tile_kernel<<<grid.blocks, grid.threads>>>(static_cast<const signed char*>(a),
                                                       static_cast<const signed char*>(b),
                                                       static_cast<int*>(out), rounds);
            break;
    }
    return cudaGetLastError();
}

cudaError_t write_pattern(std::uint64_t* data, std::uint64_t words, std::uint64_t first,
                          std::uint64_t seed) {
    write_kernel<<<stream_blocks, stream_threads>>>(data, words, first, seed);
    return cudaGetLastError();
}

cudaError_t check_pattern(const std::uint64_t* data, std::uint64_t words, std::uint64_t first,
                          std::uint64_t seed, unsigned long long* wrong,
                          unsigned long long* first_wrong) {
    check_kernel<<<stream_blocks, stream_threads>>>(data, words, first, seed, wrong, first_wrong);
    return cudaGetLastError();
}

}  // namespace gleaner::cuda
