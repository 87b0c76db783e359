#include "shared/model/device_use.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace gleaner {

namespace {

__extension__ using Wide = __int128;

/// "93.4 %".
std::string percent(std::int64_t permille) {
    return std::to_string(permille / 10) + "." + std::to_string(permille % 10) + " %";
}

}  // namespace

std::string_view to_string(LossCause cause) {
    switch (cause) {
        case LossCause::loading:
            return "loading";
        case LossCause::reclaimed:
            return "reclaimed";
        case LossCause::connection:
            return "connection";
        case LossCause::engine:
            return "engine";
        case LossCause::rejected:
            return "rejected";
        case LossCause::repeated:
            return "repeated";
        case LossCause::verification:
            return "verification";
        case LossCause::cancelled:
            return "cancelled";
        case LossCause::waiting:
            return "waiting";
    }
    return "";
}

Sentence words_of(LossCause cause) {
    switch (cause) {
        case LossCause::loading:
            return {"downloading and loading models", "下载和加载模型"};
        case LossCause::reclaimed:
            return {"people who took their machine back", "机器被使用者收回"};
        case LossCause::connection:
            return {"lost connections", "连接中断"};
        case LossCause::engine:
            return {"failures of the engine", "推理引擎故障"};
        case LossCause::rejected:
            return {"results that did not pass a check", "结果未通过检查"};
        case LossCause::repeated:
            return {"work that another node had done first", "其他节点已先完成的任务"};
        case LossCause::verification:
            return {"verification: known answers and further copies", "核验（已知答案与副本）"};
        case LossCause::cancelled:
            return {"requests that were cancelled, late or wrong", "已取消、超时或有误的请求"};
        case LossCause::waiting:
            return {"work on its way to the device and back", "任务在途中的等待"};
    }
    return {};
}

std::int64_t DeviceUse::all_lost() const {
    return std::accumulate(lost_micros.begin(), lost_micros.end(), std::int64_t{0});
}

std::optional<std::int64_t> DeviceUse::goodput_permille() const {
    const std::int64_t leased = leased_micros();
    if (leased <= 0) return std::nullopt;
    return permille_of(useful_micros, leased);
}

std::optional<LossCause> DeviceUse::largest_loss() const {
    const auto most = std::max_element(lost_micros.begin(), lost_micros.end());
    if (*most <= 0) return std::nullopt;
    return loss_causes[static_cast<std::size_t>(most - lost_micros.begin())];
}

DeviceUse& DeviceUse::operator+=(const DeviceUse& more) {
    idle_micros += more.idle_micros;
    useful_micros += more.useful_micros;
    for (std::size_t i = 0; i < loss_cause_count; ++i) lost_micros[i] += more.lost_micros[i];
    watt_seconds += more.watt_seconds;
    return *this;
}

std::int64_t permille_of(std::int64_t part, std::int64_t whole) {
    if (whole <= 0) return 0;
    return static_cast<std::int64_t>(Wide{part} * 1'000 / whole);
}

Sentence sentence_of(const DeviceUse& use) {
    const auto goodput = use.goodput_permille();
    if (!goodput) return {"No work was lent in this time.", "这段时间没有分配任务。"};
    Sentence said{"Of the time in which work was lent, " + percent(*goodput) +
                      " was useful; the best datacentre clusters report " +
                      percent(datacentre_goodput_permille) + ".",
                  "分配任务的时间中，有效占 " + percent(*goodput) + "；最好的数据中心集群约为 " +
                      percent(datacentre_goodput_permille) + "。"};
    const auto largest = use.largest_loss();
    if (!largest) return said;
    const std::string share = percent(permille_of(use.lost(*largest), use.leased_micros()));
    const Sentence what = words_of(*largest);
    said.en += " The largest loss: " + what.en + " (" + share + ").";
    said.zh += "损失最多的原因：" + what.zh + "（" + share + "）。";
    return said;
}

}  // namespace gleaner
