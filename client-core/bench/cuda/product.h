#pragma once
/// Tensor throughput in two ways behind one interface: a large matrix product by cuBLASLt where its
/// library is on the machine, else the own kernel that multiplies tiles in registers. The second
/// shows what the units do, the first what programs get: reports name the method.

#include <cstdint>
#include <memory>
#include <string_view>

#include "client-core/bench/cuda/device.h"
#include "client-core/bench/cuda/fault_book.h"
#include "client-core/bench/cuda/kernels.h"

namespace gleaner::cuda {

/// One kind of product, ready to run again and again.
class Product {
public:
    virtual ~Product() = default;
    [[nodiscard]] virtual std::string_view method() const = 0;  ///< "cublaslt", "wmma"
    /// Multiplications and additions of one launch.
    [[nodiscard]] virtual double operations() const = 0;
    [[nodiscard]] virtual Status launch() = 0;
    /// Compares samples of the last launch's results with a plain product on the host.
    [[nodiscard]] virtual Status check(std::string_view figure, FaultBook& faults) = 0;
};

/// "fp16_tensor", "bf16_tensor", "int8".
[[nodiscard]] std::string_view figure_name(Element element);
/// Whether this device has units for it at all.
[[nodiscard]] bool has_units(const Device& device, Element element);

/// cuBLASLt 13 or 12, found by the loader or where the toolkit installs it. Loaded once and kept.
class CublasLt {
public:
    /// not_found: not on this machine. unsupported: it was built without its header, or refuses.
    [[nodiscard]] static Result<std::unique_ptr<CublasLt>> load();
    ~CublasLt();
    /// unsupported: the library knows no way to multiply these on this device.
    [[nodiscard]] Result<std::unique_ptr<Product>> product(const Device& device, Element element);

    struct Library;

private:
    explicit CublasLt(std::unique_ptr<Library> library);
    std::unique_ptr<Library> library_;
};

[[nodiscard]] Result<std::unique_ptr<Product>> tile_product(const Device& device, Element element);

}  // namespace gleaner::cuda
