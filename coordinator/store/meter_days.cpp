#include "coordinator/store/meter_days.h"

namespace gleaner::store {

MeterSums& MeterSums::operator+=(const MeterSums& more) {
    requests += more.requests;
    parts += more.parts;
    prompt_tokens += more.prompt_tokens;
    cached_tokens += more.cached_tokens;
    generated_tokens += more.generated_tokens;
    device_micros += more.device_micros;
    reference_micros += more.reference_micros;
    price += more.price;
    owner_share += more.owner_share;
    owner_partner_share += more.owner_partner_share;
    customer_partner_share += more.customer_partner_share;
    return *this;
}

Status MeterDays::flush() {
    constexpr std::int64_t day_mask = (std::int64_t{1} << day_bits) - 1;
    for (const auto& [key, sums] : sums_.take()) {
        GLEANER_TRY(database_.run(sql::add_meter_day, key >> day_bits, key & day_mask,
                                  sums.requests, sums.parts, sums.prompt_tokens, sums.cached_tokens,
                                  sums.generated_tokens, sums.device_micros, sums.reference_micros,
                                  sums.price, sums.owner_share, sums.owner_partner_share,
                                  sums.customer_partner_share));
    }
    return ok();
}

}  // namespace gleaner::store
