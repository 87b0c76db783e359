#include "client-core/bench/cuda/measures.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "client-core/bench/cuda/fault_book.h"
#include "client-core/bench/cuda/memory_measures.h"
#include "client-core/bench/cuda/product.h"
#include "client-core/bench/cuda/values.h"

namespace gleaner::cuda {

namespace {

constexpr std::uint32_t chain_rounds = 512;
constexpr std::uint32_t stages = 8;

std::vector<double> tera_rates(const std::vector<double>& seconds, double operations) {
    std::vector<double> rates;
    for (const double each : seconds) rates.push_back(operations / each / 1e12);
    return rates;
}

/// What a thread of run_chains writes, by the definition.
float chain_sum(std::uint32_t thread) {
    float sum = 0;
    for (std::uint32_t lane = 0; lane < chain_lanes; ++lane) {
        float x = chain_begin(thread, lane);
        for (std::uint32_t step = 0; step < chain_rounds * chain_unroll; ++step) {
            x = std::fma(x, chain_factor, chain_addend);
        }
        sum += x;
    }
    return sum;
}

/// The FP32 load and the check of its results.
class Chains {
public:
    [[nodiscard]] static Result<Chains> on(const Device& device) {
        const Grid grid{device.multiprocessors * 8, 256};
        GLEANER_TRY(Buffer out,
                    Buffer::on_device(std::size_t{grid.blocks} * grid.threads * sizeof(float)));
        return Chains(grid, std::move(out));
    }

    [[nodiscard]] Status launch() const {
        return checked(run_chains(grid_, out_.as<float>(), chain_rounds),
                       "cannot start the FP32 load");
    }

    [[nodiscard]] double operations() const {
        return 2.0 * chain_lanes * chain_unroll * chain_rounds * threads();
    }

    /// Some threads of every multiprocessor's first blocks, and the last thread.
    [[nodiscard]] Status check(FaultBook& faults) const {
        std::vector<float> sums(threads());
        GLEANER_TRY(checked(
            cudaMemcpy(sums.data(), out_.as(), sums.size() * sizeof(float), cudaMemcpyDeviceToHost),
            "cannot read the FP32 results"));
        std::uint64_t looked_at = 0;
        std::uint64_t wrong = 0;
        std::string first;
        // An odd stride meets all lanes of a warp in turn.
        const std::size_t stride = std::max<std::size_t>(sums.size() / 64 | 1, 1);
        for (std::size_t thread = 0; thread < sums.size(); thread += stride) {
            ++looked_at;
            const float expected = chain_sum(static_cast<std::uint32_t>(thread));
            if (sums[thread] == expected) continue;
            if (wrong++ == 0) {
                first = "thread " + std::to_string(thread) + ": " + std::to_string(sums[thread]) +
                        " instead of " + std::to_string(expected);
            }
        }
        faults.add(figure::fp32, looked_at, wrong, first);
        return ok();
    }

private:
    Chains(Grid grid, Buffer out) : grid_(grid), out_(std::move(out)) {}
    [[nodiscard]] std::uint32_t threads() const { return grid_.blocks * grid_.threads; }
    Grid grid_;
    Buffer out_;
};

/// One run over all stages.
class Run {
public:
    Run(const Device& device, const Wishes& wishes, const Clock& clock, const Progress& progress)
        : device_(device), wishes_(wishes), clock_(clock), progress_(progress) {}

    [[nodiscard]] Result<BenchReport> all() {
        report_.kind = "cuda";
        report_.name = device_.name;
        report_.uuid = device_.uuid;
        report_.driver = device_.driver;
        report_.memory_total_bytes = device_.memory_total_bytes;
        report_.measured_at = clock_.wall();
        auto library = CublasLt::load();  // without it the own kernel measures
        if (library) library_ = std::move(library).value();
        GLEANER_TRY(memory_and_bus());
        GLEANER_TRY(arithmetic());
        if (wishes_.soak_seconds > 0) {
            GLEANER_TRY(soak());
        }
        report_.faults = faults_.faults();
        return std::move(report_);
    }

private:
    void begin(std::string_view stage) { progress_(stage, done_++, stages); }

    [[nodiscard]] Status memory_and_bus() {
        begin(figure::memory_copy);
        GLEANER_TRY(auto copy, measure_memory_copy(wishes_.repetition, faults_));
        report_.figures.push_back(std::move(copy));
        for (const bool up : {true, false}) {
            begin(up ? figure::upload : figure::download);
            GLEANER_TRY(auto bus, measure_bus(up, wishes_.repetition));
            report_.figures.push_back(std::move(bus));
        }
        begin(figure::usable_memory);
        GLEANER_TRY(auto usable, measure_usable_memory(wishes_.leave_bytes, faults_,
                                                       [&](std::uint32_t done, std::uint32_t of) {
                                                           progress_("usable_memory_blocks", done,
                                                                     of);
                                                       }));
        report_.figures.push_back(std::move(usable));
        return ok();
    }

    [[nodiscard]] Status arithmetic() {
        begin(figure::fp32);
        GLEANER_TRY(const Chains chains, Chains::on(device_));
        const Launch load = [&] { return chains.launch(); };
        GLEANER_TRY(const auto seconds, time_launches(load, wishes_.repetition));
        GLEANER_TRY(chains.check(faults_));
        report_.figures.push_back(
            figure_of(figure::fp32, "TFLOPS", "fma", tera_rates(seconds, chains.operations())));
        for (const Element element : {Element::fp16, Element::bf16, Element::int8}) {
            begin(figure_name(element));
            if (!has_units(device_, element)) continue;
            GLEANER_TRY(auto tensor, measure_product(element));
            report_.figures.push_back(std::move(tensor));
        }
        return ok();
    }

    /// cuBLASLt's if it is there and can; else the own kernel's.
    [[nodiscard]] Result<std::unique_ptr<Product>> product(Element element) {
        if (library_) {
            auto made = library_->product(device_, element);
            // A lost device fails in the own kernel too, with its own words.
            if (made) return made;
        }
        return tile_product(device_, element);
    }

    [[nodiscard]] Result<Figure> measure_product(Element element) {
        GLEANER_TRY(const auto made, product(element));
        const Launch load = [&] { return made->launch(); };
        GLEANER_TRY(const auto seconds, time_launches(load, wishes_.repetition));
        GLEANER_TRY(made->check(figure_name(element), faults_));
        return figure_of(figure_name(element), element == Element::int8 ? "TOPS" : "TFLOPS",
                         made->method(), tera_rates(seconds, made->operations()));
    }

    [[nodiscard]] Status soak();
    [[nodiscard]] Result<double> soak_once(Product& tensor, const Chains& chains,
                                           PatternedMemory& memory, std::size_t round);

    const Device& device_;
    const Wishes& wishes_;
    const Clock& clock_;
    const Progress& progress_;
    BenchReport report_;
    FaultBook faults_;
    std::unique_ptr<CublasLt> library_;
    std::uint32_t done_ = 0;
};

/// About a second of tensor load, one FP32 load, one block of memory; all checked. TFLOPS.
Result<double> Run::soak_once(Product& tensor, const Chains& chains, PatternedMemory& memory,
                              std::size_t round) {
    const Launch load = [&] { return tensor.launch(); };
    GLEANER_TRY(const auto seconds, time_launches(load, Repetition{3, 0.25}));
    GLEANER_TRY(tensor.check(figure::fp16_tensor, faults_));
    GLEANER_TRY(chains.launch());
    GLEANER_TRY(chains.check(faults_));
    if (memory.blocks() > 0) {
        // Written a whole turn ago: it had to be kept while the card was hot.
        const std::size_t block = round % memory.blocks();
        GLEANER_TRY(memory.check(block, faults_));
        GLEANER_TRY(memory.write(block));
    }
    auto rates = tera_rates(seconds, tensor.operations());
    return figure_of("soak", "TFLOPS", "", rates).median;
}

Status Run::soak() {
    const Time begin_at = clock_.now();
    const Duration limit = std::chrono::seconds(wishes_.soak_seconds);
    const std::uint64_t checked_before = faults_.checked();
    GLEANER_TRY(const auto tensor, product(Element::fp16));
    GLEANER_TRY(const Chains chains, Chains::on(device_));
    std::size_t free_bytes = 0;
    std::size_t total_bytes = 0;
    GLEANER_TRY(checked(cudaMemGetInfo(&free_bytes, &total_bytes), "cannot ask for memory"));
    PatternedMemory memory(17);
    GLEANER_TRY(
        memory.take(free_bytes > wishes_.leave_bytes ? free_bytes - wishes_.leave_bytes : 0));
    for (std::size_t block = 0; block < memory.blocks(); ++block) {
        GLEANER_TRY(memory.write(block));
    }
    std::vector<double> rates;
    Duration passed{};
    while (passed < limit) {
        GLEANER_TRY(const double rate, soak_once(*tensor, chains, memory, rates.size()));
        rates.push_back(rate);
        passed = clock_.now() - begin_at;
        progress_("soak", static_cast<std::uint32_t>(passed.count() / 1'000'000),
                  wishes_.soak_seconds);
    }
    // A tenth of the time at each end, and one round at least.
    const std::size_t part = std::max<std::size_t>(rates.size() / 10, 1);
    const std::span<const double> every(rates);
    SoakResult result;
    result.seconds = static_cast<std::uint32_t>(passed.count() / 1'000'000);
    result.checked = faults_.checked() - checked_before;
    result.first = figure_of("", "", "", every.first(part)).median;
    result.last = figure_of("", "", "", every.last(part)).median;
    report_.soak = result;
    return ok();
}

}  // namespace

Result<BenchReport> measure(const Device& device, const Wishes& wishes, const Clock& clock,
                            const Progress& progress) {
    Run run(device, wishes, clock, progress);
    return run.all();
}

}  // namespace gleaner::cuda
