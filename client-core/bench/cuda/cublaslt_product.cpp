#include <cmath>
#include <cstring>
#include <dlfcn.h>
#include <string>
#include <utility>
#include <vector>

#include "client-core/bench/cuda/product.h"
#include "client-core/bench/cuda/values.h"
#include "shared/model/bench_report.h"

#if __has_include(<cublasLt.h>)
#include <cublasLt.h>
#define GLEANER_CUBLASLT 1
#endif

namespace gleaner::cuda {

#ifdef GLEANER_CUBLASLT

namespace {

constexpr std::size_t workspace_bytes = 32 << 20;
/// Samples of a result matrix; each costs a small copy and a row times a column on the host.
constexpr std::uint32_t samples = 64;

/// What differs between the three kinds. The sums of −2…2 products are whole and below 2^24.
struct Kind {
    cudaDataType_t input;
    cudaDataType_t output;
    cublasComputeType_t compute;
    cudaDataType_t scale;
    std::size_t input_bytes;
    std::size_t output_bytes;
    double tolerance;  ///< relative, from the rounding of the output alone
};

Kind kind_of(Element element) {
    switch (element) {
        case Element::fp16:
            return {CUDA_R_16F, CUDA_R_16F, CUBLAS_COMPUTE_32F, CUDA_R_32F, 2, 2, 1.0 / 1024};
        case Element::bf16:
            return {CUDA_R_16BF, CUDA_R_16BF, CUBLAS_COMPUTE_32F, CUDA_R_32F, 2, 2, 1.0 / 128};
        case Element::int8:
            return {CUDA_R_8I, CUDA_R_32I, CUBLAS_COMPUTE_32I, CUDA_R_32I, 1, 4, 0};
    }
    return {};
}

double half_value(std::uint16_t raw) {
    const int exponent = (raw >> 10) & 31;
    const double fraction = raw & 1023;
    // Infinity and not-a-number become numbers that no sum reaches: wrong is all they need to be.
    const double size =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    return (raw & 0x8000) != 0 ? -size : size;
}

double output_value(Element element, const std::uint8_t* bytes) {
    std::uint16_t half = 0;
    std::uint32_t word = 0;
    switch (element) {
        case Element::fp16:
            std::memcpy(&half, bytes, sizeof half);
            return half_value(half);
        case Element::bf16: {
            std::memcpy(&half, bytes, sizeof half);
            word = std::uint32_t{half} << 16;
            float value = 0;
            std::memcpy(&value, &word, sizeof value);
            return static_cast<double>(value);
        }
        case Element::int8:
            std::memcpy(&word, bytes, sizeof word);
            return static_cast<std::int32_t>(word);
    }
    return 0;
}

Status library_checked(cublasStatus_t status, std::string_view what) {
    if (status == CUBLAS_STATUS_SUCCESS) return ok();
    const bool unsupported =
        status == CUBLAS_STATUS_NOT_SUPPORTED || status == CUBLAS_STATUS_ARCH_MISMATCH;
    return Error(
        unsupported ? ErrorCode::unsupported : ErrorCode::io_failed,
        "cuBLASLt: " + std::string(what) + ": status " + std::to_string(static_cast<int>(status)));
}

}  // namespace

struct CublasLt::Library {
    void* handle = nullptr;
    cublasLtHandle_t session = nullptr;
    decltype(&cublasLtCreate) create = nullptr;
    decltype(&cublasLtDestroy) destroy = nullptr;
    decltype(&cublasLtMatmul) matmul = nullptr;
    decltype(&cublasLtMatmulDescCreate) desc_create = nullptr;
    decltype(&cublasLtMatmulDescDestroy) desc_destroy = nullptr;
    decltype(&cublasLtMatmulDescSetAttribute) desc_set = nullptr;
    decltype(&cublasLtMatrixLayoutCreate) layout_create = nullptr;
    decltype(&cublasLtMatrixLayoutDestroy) layout_destroy = nullptr;
    decltype(&cublasLtMatmulPreferenceCreate) preference_create = nullptr;
    decltype(&cublasLtMatmulPreferenceDestroy) preference_destroy = nullptr;
    decltype(&cublasLtMatmulPreferenceSetAttribute) preference_set = nullptr;
    decltype(&cublasLtMatmulAlgoGetHeuristic) heuristic = nullptr;

    ~Library() {
        if (session != nullptr) (void)destroy(session);
        if (handle != nullptr) ::dlclose(handle);
    }

    template <class Function>
    bool find(const char* name, Function& function) {
        function = reinterpret_cast<Function>(::dlsym(handle, name));
        return function != nullptr;
    }

    bool find_all() {
        return find("cublasLtCreate", create) && find("cublasLtDestroy", destroy) &&
               find("cublasLtMatmul", matmul) && find("cublasLtMatmulDescCreate", desc_create) &&
               find("cublasLtMatmulDescDestroy", desc_destroy) &&
               find("cublasLtMatmulDescSetAttribute", desc_set) &&
               find("cublasLtMatrixLayoutCreate", layout_create) &&
               find("cublasLtMatrixLayoutDestroy", layout_destroy) &&
               find("cublasLtMatmulPreferenceCreate", preference_create) &&
               find("cublasLtMatmulPreferenceDestroy", preference_destroy) &&
               find("cublasLtMatmulPreferenceSetAttribute", preference_set) &&
               find("cublasLtMatmulAlgoGetHeuristic", heuristic);
    }
};

namespace {

/// C = Aᵀ·B, all column by column, which is the one arrangement that INT8 takes too.
class LibraryProduct final : public Product {
public:
    LibraryProduct(const CublasLt::Library& library, Element element, std::uint64_t side)
        : library_(library), element_(element), kind_(kind_of(element)), side_(side) {}

    ~LibraryProduct() override {
        if (preference_ != nullptr) (void)library_.preference_destroy(preference_);
        if (output_layout_ != nullptr) (void)library_.layout_destroy(output_layout_);
        if (input_layout_ != nullptr) (void)library_.layout_destroy(input_layout_);
        if (desc_ != nullptr) (void)library_.desc_destroy(desc_);
    }

    [[nodiscard]] Status prepare() {
        const std::uint64_t count = side_ * side_;
        GLEANER_TRY(a_, Buffer::on_device(count * kind_.input_bytes));
        GLEANER_TRY(b_, Buffer::on_device(count * kind_.input_bytes));
        GLEANER_TRY(c_, Buffer::on_device(count * kind_.output_bytes));
        GLEANER_TRY(workspace_, Buffer::on_device(workspace_bytes));
        GLEANER_TRY(checked(fill_matrix(element_, a_.as(), count, 1), "cannot fill a matrix"));
        GLEANER_TRY(checked(fill_matrix(element_, b_.as(), count, 2), "cannot fill a matrix"));
        GLEANER_TRY(describe());
        return choose_way();
    }

    [[nodiscard]] std::string_view method() const override { return "cublaslt"; }

    [[nodiscard]] double operations() const override {
        const auto side = static_cast<double>(side_);
        return 2.0 * side * side * side;
    }

    [[nodiscard]] Status launch() override {
        const float one = 1;
        const float zero = 0;
        const std::int32_t whole_one = 1;
        const std::int32_t whole_zero = 0;
        const bool whole = element_ == Element::int8;
        const void* const alpha = whole ? static_cast<const void*>(&whole_one) : &one;
        const void* const beta = whole ? static_cast<const void*>(&whole_zero) : &zero;
        return library_checked(
            library_.matmul(library_.session, desc_, alpha, a_.as(), input_layout_, b_.as(),
                            input_layout_, beta, c_.as(), output_layout_, c_.as(), output_layout_,
                            &way_.algo, workspace_.as(), workspace_bytes, nullptr),
            "cannot multiply");
    }

    [[nodiscard]] Status check(std::string_view figure, FaultBook& faults) override {
        std::uint64_t wrong = 0;
        std::string first;
        for (std::uint64_t sample = 0; sample < samples; ++sample) {
            const std::uint64_t place = spread(sample + ++checks_ * samples) % (side_ * side_);
            std::uint8_t bytes[4] = {};
            GLEANER_TRY(
                checked(cudaMemcpy(bytes, c_.as<std::uint8_t>() + place * kind_.output_bytes,
                                   kind_.output_bytes, cudaMemcpyDeviceToHost),
                        "cannot read the product"));
            const double got = output_value(element_, bytes);
            const double expected = expected_at(place);
            if (std::abs(got - expected) <= std::abs(expected) * kind_.tolerance) continue;
            if (wrong++ == 0) {
                first = "element " + std::to_string(place) + ": " + std::to_string(got) +
                        " instead of " + std::to_string(expected);
            }
        }
        faults.add(figure, samples, wrong, first);
        return ok();
    }

private:
    [[nodiscard]] Status describe() {
        GLEANER_TRY(library_checked(library_.desc_create(&desc_, kind_.compute, kind_.scale),
                                    "cannot describe a product"));
        const cublasOperation_t transposed = CUBLAS_OP_T;
        GLEANER_TRY(library_checked(
            library_.desc_set(desc_, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed),
            "cannot describe a product"));
        const auto leading = static_cast<std::int64_t>(side_);
        GLEANER_TRY(library_checked(
            library_.layout_create(&input_layout_, kind_.input, side_, side_, leading),
            "cannot describe a matrix"));
        return library_checked(
            library_.layout_create(&output_layout_, kind_.output, side_, side_, leading),
            "cannot describe a matrix");
    }

    [[nodiscard]] Status choose_way() {
        GLEANER_TRY(
            library_checked(library_.preference_create(&preference_), "cannot state a wish"));
        const std::uint64_t most = workspace_bytes;
        GLEANER_TRY(library_checked(
            library_.preference_set(preference_, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &most,
                                    sizeof most),
            "cannot state a wish"));
        int found = 0;
        const cublasStatus_t status =
            library_.heuristic(library_.session, desc_, input_layout_, input_layout_,
                               output_layout_, output_layout_, preference_, 1, &way_, &found);
        GLEANER_TRY(library_checked(status, "finds no way to multiply"));
        if (found == 0) return Error(ErrorCode::unsupported, "cuBLASLt: no way to multiply");
        return ok();
    }

    [[nodiscard]] double expected_at(std::uint64_t place) const {
        const std::uint64_t row = place % side_;
        const std::uint64_t column = place / side_;
        std::int64_t sum = 0;
        for (std::uint64_t k = 0; k < side_; ++k) {
            sum += matrix_value(1, row * side_ + k) * matrix_value(2, column * side_ + k);
        }
        return static_cast<double>(sum);
    }

    const CublasLt::Library& library_;
    Element element_;
    Kind kind_;
    std::uint64_t side_;
    std::uint64_t checks_ = 0;
    Buffer a_;
    Buffer b_;
    Buffer c_;
    Buffer workspace_;
    cublasLtMatmulDesc_t desc_ = nullptr;
    cublasLtMatrixLayout_t input_layout_ = nullptr;
    cublasLtMatrixLayout_t output_layout_ = nullptr;
    cublasLtMatmulPreference_t preference_ = nullptr;
    cublasLtMatmulHeuristicResult_t way_{};
};

}  // namespace

Result<std::unique_ptr<CublasLt>> CublasLt::load() {
    auto library = std::make_unique<Library>();
    for (const char* const name :
         {"libcublasLt.so.13", "libcublasLt.so.12", "/usr/local/cuda/lib64/libcublasLt.so.13",
          "/usr/local/cuda/lib64/libcublasLt.so.12"}) {
        library->handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
        if (library->handle != nullptr) break;
    }
    if (library->handle == nullptr) {
        return Error(ErrorCode::not_found, "cuBLASLt is not on this machine");
    }
    if (!library->find_all()) {
        return Error(ErrorCode::unsupported, "cuBLASLt lacks a function of version 12 or 13");
    }
    GLEANER_TRY(library_checked(library->create(&library->session), "cannot start"));
    return std::unique_ptr<CublasLt>(new CublasLt(std::move(library)));
}

Result<std::unique_ptr<Product>> CublasLt::product(const Device& device, Element element) {
    // Large enough to keep every multiprocessor busy, small enough for 2 GiB and for 25 ms.
    const std::uint64_t side = device.multiprocessors >= 80 ? 8192 : 4096;
    auto made = std::make_unique<LibraryProduct>(*library_, element, side);
    GLEANER_TRY(made->prepare());
    return std::unique_ptr<Product>(std::move(made));
}

#else

struct CublasLt::Library {};

Result<std::unique_ptr<CublasLt>> CublasLt::load() {
    return Error(ErrorCode::unsupported, "built without the header of cuBLASLt");
}

Result<std::unique_ptr<Product>> CublasLt::product(const Device&, Element) {
    return Error(ErrorCode::unsupported, "built without the header of cuBLASLt");
}

#endif

CublasLt::CublasLt(std::unique_ptr<Library> library) : library_(std::move(library)) {}
CublasLt::~CublasLt() = default;

}  // namespace gleaner::cuda
