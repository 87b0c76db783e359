#include "coordinator/store/grid_days.h"

namespace gleaner::store {

namespace {

constexpr std::int64_t class_bits = 32;

}  // namespace

std::int64_t GridDays::class_number(const std::string& device_class) {
    const auto [found, is_new] =
        numbers_.try_emplace(device_class, static_cast<std::int64_t>(classes_.size()));
    if (is_new) classes_.push_back(device_class);
    return found->second;
}

void GridDays::sold(std::int64_t day, std::int64_t class_number, std::int64_t device_micros,
                    Money paid) {
    const std::int64_t key = (day << class_bits) | class_number;
    sold_.add(key, device_micros);
    paid_.add(key, paid.micros);
}

Status GridDays::flush() {
    GLEANER_TRY(write(sold_.take(), false));
    return write(paid_.take(), true);
}

Status GridDays::write(const PendingSums<std::int64_t>::Sums& sums, bool of_money) {
    constexpr std::int64_t class_mask = (std::int64_t{1} << class_bits) - 1;
    for (const auto& [key, sum] : sums) {
        const std::string& name = classes_[static_cast<std::size_t>(key & class_mask)];
        GLEANER_TRY(database_.run(sql::add_sold, key >> class_bits, name,
                                  of_money ? std::int64_t{0} : sum, of_money ? sum : 0));
    }
    return ok();
}

void GridDays::on_savepoint() {
    sold_.mark();
    paid_.mark();
}

void GridDays::on_release() {
    sold_.release();
    paid_.release();
}

void GridDays::on_savepoint_undone() {
    sold_.undo();
    paid_.undo();
}

void GridDays::on_transaction_end() {
    sold_.clear();
    paid_.clear();
}

}  // namespace gleaner::store
