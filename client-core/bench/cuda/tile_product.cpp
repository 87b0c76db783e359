#include <array>
#include <bit>
#include <string>
#include <utility>

#include "client-core/bench/cuda/product.h"
#include "client-core/bench/cuda/values.h"
#include "shared/model/bench_report.h"

namespace gleaner::cuda {

namespace {

constexpr std::uint32_t warps_of_block = 4;
constexpr std::uint32_t blocks_of_multiprocessor = 8;
/// 4 tiles · 16 products of at most 4 · rounds stays below 2^24: exact in FP32.
constexpr std::uint32_t rounds = 4096;
constexpr std::uint64_t cells = std::uint64_t{tile_side} * tile_side;
constexpr std::size_t element_bytes_max = 2;

class TileProduct final : public Product {
public:
    TileProduct(Element element, Grid grid, Buffer a, Buffer b, Buffer out)
        : element_(element),
          grid_(grid),
          a_(std::move(a)),
          b_(std::move(b)),
          out_(std::move(out)) {}

    [[nodiscard]] std::string_view method() const override { return "wmma"; }

    [[nodiscard]] double operations() const override {
        return 2.0 * tile_pairs * tile_pairs * tile_side * static_cast<double>(cells) * rounds *
               static_cast<double>(warps());
    }

    [[nodiscard]] Status launch() override {
        return checked(run_tiles(element_, grid_, a_.as(), b_.as(), out_.as(), rounds),
                       "cannot start the tile product");
    }

    /// Every cell of the first, middle and last warp.
    [[nodiscard]] Status check(std::string_view figure, FaultBook& faults) override {
        for (const std::uint64_t warp : {std::uint64_t{0}, warps() / 2, warps() - 1}) {
            std::array<std::uint32_t, cells> raw{};
            GLEANER_TRY(checked(cudaMemcpy(raw.data(), out_.as<std::uint32_t>() + warp * cells,
                                           sizeof raw, cudaMemcpyDeviceToHost),
                                "cannot read the tile product"));
            std::uint64_t wrong = 0;
            std::string first;
            for (std::uint64_t cell = 0; cell < cells; ++cell) {
                const double got = value_of(raw[cell]);
                const double expected = expected_at(cell);
                if (got == expected) continue;
                if (wrong++ == 0) {
                    first = "warp " + std::to_string(warp) + " cell " + std::to_string(cell) +
                            ": " + std::to_string(got) + " instead of " + std::to_string(expected);
                }
            }
            faults.add(figure, cells, wrong, first);
        }
        return ok();
    }

private:
    [[nodiscard]] std::uint64_t warps() const {
        return std::uint64_t{grid_.blocks} * grid_.threads / 32;
    }

    [[nodiscard]] double value_of(std::uint32_t raw) const {
        if (element_ == Element::int8) return static_cast<std::int32_t>(raw);
        return static_cast<double>(std::bit_cast<float>(raw));
    }

    /// rounds × Σ over both pairs of (a_i · b_j) at this cell, by the definition.
    [[nodiscard]] static double expected_at(std::uint64_t cell) {
        const std::uint64_t row = cell / tile_side;
        const std::uint64_t column = cell % tile_side;
        std::int64_t sum = 0;
        for (std::uint64_t i = 0; i < tile_pairs; ++i) {
            for (std::uint64_t j = 0; j < tile_pairs; ++j) {
                for (std::uint64_t k = 0; k < tile_side; ++k) {
                    sum += matrix_value(1, i * cells + row * tile_side + k) *
                           matrix_value(2, j * cells + k * tile_side + column);
                }
            }
        }
        return static_cast<double>(sum * rounds);
    }

    Element element_;
    Grid grid_;
    Buffer a_;
    Buffer b_;
    Buffer out_;
};

}  // namespace

std::string_view figure_name(Element element) {
    switch (element) {
        case Element::fp16:
            return figure::fp16_tensor;
        case Element::bf16:
            return figure::bf16_tensor;
        case Element::int8:
            return figure::int8;
    }
    return {};
}

bool has_units(const Device& device, Element element) {
    return element != Element::bf16 || device.compute_major >= 8;
}

Result<std::unique_ptr<Product>> tile_product(const Device& device, Element element) {
    const Grid grid{device.multiprocessors * blocks_of_multiprocessor, warps_of_block * 32};
    constexpr std::uint64_t inputs = tile_pairs * cells;
    GLEANER_TRY(Buffer a, Buffer::on_device(inputs * element_bytes_max));
    GLEANER_TRY(Buffer b, Buffer::on_device(inputs * element_bytes_max));
    GLEANER_TRY(Buffer out,
                Buffer::on_device(std::uint64_t{grid.blocks} * warps_of_block * cells * 4));
    GLEANER_TRY(checked(fill_matrix(element, a.as(), inputs, 1), "cannot fill a matrix"));
    GLEANER_TRY(checked(fill_matrix(element, b.as(), inputs, 2), "cannot fill a matrix"));
    return std::unique_ptr<Product>(
        std::make_unique<TileProduct>(element, grid, std::move(a), std::move(b), std::move(out)));
}

}  // namespace gleaner::cuda
