#include "client-core/bench/cpu_report.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstring>
#include <memory>
#include <new>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "client-core/bench/cpu_kernels.h"

namespace gleaner {

namespace {

/// Panels of 6 × 256 and 16 × 256 numbers: 22 KiB, within the nearest cache.
constexpr std::uint32_t panel_depth = 256;
/// A product takes a microsecond, a look at the clock a fiftieth of that.
constexpr std::uint32_t products_of_launch = 64;
constexpr std::uint64_t launches_most = 10'000'000;

void use_memory(const void* memory) {
    asm volatile("" : : "r"(memory) : "memory");
}

/// What one thread does again and again, and how it checks what it did.
class Load {
public:
    virtual ~Load() = default;
    /// Touches its memory first, on the thread that will use it.
    virtual void prepare() = 0;
    virtual void launch() = 0;
    [[nodiscard]] virtual double units() const = 0;  ///< operations or bytes of one launch
    /// Results that differ from the definition, and how many were compared.
    [[nodiscard]] virtual std::pair<std::uint64_t, std::uint64_t> wrong_of_checked() const = 0;
};

using MakeLoad = std::function<std::unique_ptr<Load>()>;  ///< null: no memory

class Fp32Load final : public Load {
public:
    explicit Fp32Load(CpuWay way) : way_(way), tile_(fp32_tile(way)) {}

    void prepare() override {
        a_.resize(std::size_t{tile_.rows} * panel_depth);
        b_.resize(std::size_t{tile_.columns} * panel_depth);
        c_.resize(std::size_t{tile_.rows} * tile_.columns);
        // Whole numbers: the sums are exact in any order.
        for (std::size_t i = 0; i < a_.size(); ++i) a_[i] = static_cast<float>(i % 7) - 3.0F;
        for (std::size_t i = 0; i < b_.size(); ++i) b_[i] = static_cast<float>(i % 5) - 2.0F;
    }
    void launch() override {
        for (std::uint32_t i = 0; i < products_of_launch; ++i) {
            multiply_fp32(way_, a_.data(), b_.data(), c_.data(), panel_depth);
            use_memory(c_.data());
        }
    }
    [[nodiscard]] double units() const override {
        return 2.0 * tile_.rows * tile_.columns * panel_depth * products_of_launch;
    }
    [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> wrong_of_checked() const override {
        std::uint64_t wrong = 0;
        for (std::uint32_t r = 0; r < tile_.rows; ++r) {
            for (std::uint32_t n = 0; n < tile_.columns; ++n) {
                float sum = 0;
                for (std::uint32_t k = 0; k < panel_depth; ++k) {
                    sum += a_[k * tile_.rows + r] * b_[k * tile_.columns + n];
                }
                if (c_[r * tile_.columns + n] != sum) ++wrong;
            }
        }
        return {wrong, c_.size()};
    }

private:
    CpuWay way_;
    CpuTile tile_;
    std::vector<float> a_;
    std::vector<float> b_;
    std::vector<float> c_;
};

class Int8Load final : public Load {
public:
    explicit Int8Load(CpuWay way) : way_(way), tile_(int8_tile(way)) {}

    void prepare() override {
        a_.resize(std::size_t{tile_.rows} * panel_depth);
        b_.resize(std::size_t{tile_.columns} * panel_depth);
        c_.resize(std::size_t{tile_.rows} * tile_.columns);
        for (std::size_t i = 0; i < a_.size(); ++i) a_[i] = static_cast<std::uint8_t>(i % 128);
        for (std::size_t i = 0; i < b_.size(); ++i) {
            b_[i] = static_cast<std::int8_t>(static_cast<int>(i % 255) - 127);
        }
    }
    void launch() override {
        for (std::uint32_t i = 0; i < products_of_launch; ++i) {
            multiply_int8(way_, a_.data(), b_.data(), c_.data(), panel_depth);
            use_memory(c_.data());
        }
    }
    [[nodiscard]] double units() const override {
        return 2.0 * tile_.rows * tile_.columns * panel_depth * products_of_launch;
    }
    [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> wrong_of_checked() const override {
        std::uint64_t wrong = 0;
        for (std::uint32_t r = 0; r < tile_.rows; ++r) {
            for (std::uint32_t n = 0; n < tile_.columns; ++n) {
                std::int32_t sum = 0;
                for (std::uint32_t k = 0; k < panel_depth; ++k) {
                    const std::uint32_t block = k / 4 * 4;
                    sum += a_[block * tile_.rows + r * 4 + k % 4] *
                           b_[block * tile_.columns + n * 4 + k % 4];
                }
                if (c_[r * tile_.columns + n] != sum) ++wrong;
            }
        }
        return {wrong, c_.size()};
    }

private:
    CpuWay way_;
    CpuTile tile_;
    std::vector<std::uint8_t> a_;
    std::vector<std::int8_t> b_;
    std::vector<std::int32_t> c_;
};

/// STREAM's copy (a = c) or triad (a = b + 3·c) over this thread's part of the arrays.
class StreamLoad final : public Load {
public:
    [[nodiscard]] static std::unique_ptr<Load> make(bool triad, std::uint64_t count) {
        std::unique_ptr<StreamLoad> load(new StreamLoad(triad, count));
        for (Array* const array : {&load->a_, &load->b_, &load->c_}) {
            if (array == &load->b_ && !triad) continue;
            // Not initialised here: the thread that uses it decides where its pages lie.
            array->reset(new (std::nothrow) float[count]);
            if (*array == nullptr) return nullptr;
        }
        return load;
    }

    void prepare() override {
        std::fill_n(a_.get(), count_, 0.0F);
        if (triad_) std::fill_n(b_.get(), count_, 1.0F);
        std::fill_n(c_.get(), count_, 2.0F);
    }
    void launch() override {
        if (triad_) {
            stream_triad(a_.get(), b_.get(), c_.get(), 3.0F, count_);
        } else {
            std::memcpy(a_.get(), c_.get(), count_ * sizeof(float));
        }
        use_memory(a_.get());
    }
    [[nodiscard]] double units() const override {
        return (triad_ ? 3.0 : 2.0) * static_cast<double>(count_ * sizeof(float));
    }
    [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> wrong_of_checked() const override {
        const float expected = triad_ ? 7.0F : 2.0F;
        const auto right = std::count(a_.get(), a_.get() + count_, expected);
        return {count_ - static_cast<std::uint64_t>(right), count_};
    }

private:
    using Array = std::unique_ptr<float[]>;
    StreamLoad(bool triad, std::uint64_t count) : triad_(triad), count_(count) {}
    bool triad_;
    std::uint64_t count_;
    Array a_;
    Array b_;
    Array c_;
};

/// Loads on all threads at once, repetition by repetition.
class ThreadTeam {
public:
    ThreadTeam(const Clock& clock, const CpuBenchWishes& wishes, std::stop_token stop)
        : clock_(clock), wishes_(wishes), stop_(std::move(stop)) {}

    /// Units a second of all threads together, once a repetition.
    [[nodiscard]] Result<std::vector<double>> rates(const MakeLoad& make) {
        const std::uint32_t threads = std::max(wishes_.threads, 1U);
        loads_.clear();
        for (std::uint32_t i = 0; i < threads; ++i) {
            loads_.push_back(make());
            if (!loads_.back()) {
                return Error(ErrorCode::resource_exhausted,
                             "not enough free memory to measure its bandwidth");
            }
        }
        rates_.assign(threads, {});
        std::barrier<> gate(threads);
        GLEANER_TRY(start_all(gate));
        if (stop_.stop_requested()) {
            return Error(ErrorCode::cancelled, "the CPU's benchmark was stopped");
        }
        std::vector<double> sums(wishes_.repetitions, 0.0);
        for (const auto& of_thread : rates_) {
            for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += of_thread[i];
        }
        return sums;
    }

    [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> wrong_of_checked() const {
        std::pair<std::uint64_t, std::uint64_t> sum{0, 0};
        for (const auto& load : loads_) {
            const auto [wrong, checked] = load->wrong_of_checked();
            sum.first += wrong;
            sum.second += checked;
        }
        return sum;
    }

private:
    /// Returns when all are done. A thread that cannot be started sends the others home.
    [[nodiscard]] Status start_all(std::barrier<>& gate) {
        std::atomic<int> order{waiting};
        std::vector<std::jthread> team;
        Status outcome = ok();
        for (std::uint32_t i = 0; i < loads_.size() && outcome; ++i) {
            try {
                team.emplace_back([this, i, &gate, &order] {
                    order.wait(waiting);
                    if (order.load() == go) work(i, gate);
                });
            } catch (const std::system_error& error) {
                outcome = Error(ErrorCode::resource_exhausted,
                                std::string("cannot start the CPU's benchmark: ") + error.what());
            }
        }
        order.store(outcome ? go : home);
        order.notify_all();
        team.clear();  // joins
        return outcome;
    }

    void work(std::uint32_t thread, std::barrier<>& gate) {
        Load& load = *loads_[thread];
        load.prepare();
        // The first repetition only warms up.
        for (std::uint32_t i = 0; i <= wishes_.repetitions; ++i) {
            gate.arrive_and_wait();
            const Time begin = clock_.now();
            Duration passed{};
            std::uint64_t launches = 0;
            do {
                load.launch();
                ++launches;
                passed = clock_.now() - begin;
                // The others must not wait for one that has left.
                if (stop_.stop_requested()) return gate.arrive_and_drop();
            } while (passed < wishes_.each && launches < launches_most);
            const double seconds =
                static_cast<double>(std::max<std::int64_t>(passed.count(), 1)) / 1e6;
            if (i > 0) {
                rates_[thread].push_back(static_cast<double>(launches) * load.units() / seconds);
            }
        }
    }

    static constexpr int waiting = 0;
    static constexpr int go = 1;
    static constexpr int home = 2;

    const Clock& clock_;
    const CpuBenchWishes& wishes_;
    std::stop_token stop_;
    std::vector<std::unique_ptr<Load>> loads_;
    std::vector<std::vector<double>> rates_;
};

struct Stage {
    std::string_view figure;
    std::string_view unit;
    std::string_view method;
    MakeLoad make;
};

std::vector<Stage> stages_of(const CpuBenchWishes& wishes) {
    const CpuWay fp32 = fp32_ways().back();
    const CpuWay int8 = int8_ways().back();
    const std::uint64_t count = std::max<std::uint64_t>(
        wishes.array_bytes / sizeof(float) / std::max(wishes.threads, 1U), 1024);
    return {
        {figure::memory_copy, "GB/s", "stream", [count] { return StreamLoad::make(false, count); }},
        {figure::memory_triad, "GB/s", "stream", [count] { return StreamLoad::make(true, count); }},
        {figure::fp32, "GFLOPS", to_string(fp32),
         [fp32] { return std::make_unique<Fp32Load>(fp32); }},
        {figure::int8, "GOPS", to_string(int8),
         [int8] { return std::make_unique<Int8Load>(int8); }},
    };
}

}  // namespace

Result<BenchReport> measure_cpu_report(const Clock& clock, const CpuBenchWishes& wishes,
                                       std::string name, std::uint64_t memory_total_bytes,
                                       const std::stop_token& stop,
                                       const CpuBenchProgress& progress) {
    BenchReport report;
    report.kind = "cpu";
    report.name = std::move(name);
    report.measured_at = clock.wall();
    report.memory_total_bytes = memory_total_bytes;
    const auto stages = stages_of(wishes);
    for (std::uint32_t i = 0; i < stages.size(); ++i) {
        const Stage& stage = stages[i];
        progress(stage.figure, i, static_cast<std::uint32_t>(stages.size()));
        ThreadTeam team(clock, wishes, stop);
        GLEANER_TRY(auto rates, team.rates(stage.make));
        for (double& rate : rates) rate /= 1e9;
        report.figures.push_back(figure_of(stage.figure, stage.unit, stage.method, rates));
        const auto [wrong, checked] = team.wrong_of_checked();
        if (wrong > 0) {
            report.faults.push_back({std::string(stage.figure), checked, wrong,
                                     "differs from the same sum done plainly"});
        }
    }
    return report;
}

}  // namespace gleaner
