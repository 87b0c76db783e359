/// All that the policy says, in both languages side by side.

#include "client-core/core/guest/reasons.h"

namespace gleaner::guest {

namespace {

std::string minutes_en(Duration left) {
    const auto minutes = std::chrono::ceil<std::chrono::minutes>(left).count();
    if (minutes >= 120) return std::to_string((minutes + 59) / 60) + " hours";
    return std::to_string(minutes) + (minutes == 1 ? " minute" : " minutes");
}

std::string minutes_zh(Duration left) {
    const auto minutes = std::chrono::ceil<std::chrono::minutes>(left).count();
    if (minutes >= 120) return std::to_string((minutes + 59) / 60) + " 小时";
    return std::to_string(minutes) + " 分钟";
}

std::string or_else(const std::string& name, const char* otherwise) {
    return name.empty() ? otherwise : name;
}

/// "…, goes on in 3 minutes" when that is known.
Sentence with_end(Sentence sentence, Duration left) {
    if (left <= Duration{}) return {sentence.en + ".", sentence.zh + "。"};
    if (left < 1min) return {sentence.en + "; goes on in a moment.", sentence.zh + "；稍后继续。"};
    return {sentence.en + "; goes on in about " + minutes_en(left) + ".",
            sentence.zh + "；约 " + minutes_zh(left) + "后继续。"};
}

}  // namespace

Sentence sentence_of(Reason reason, const Details& d) {
    const std::string number = std::to_string(d.number);
    switch (reason) {
        case Reason::none:
            return {};
        case Reason::shutting_down:
            return {"The system is shutting down.", "系统正在关机。"};
        case Reason::paused_by_person:
            return with_end({"Paused by you", "已由您暂停"}, d.left);
        case Reason::snoozed_for_program:
            return {"Paused until " + d.name + " ends.", "暂停中，" + d.name + " 结束后继续。"};
        case Reason::schedule:
            return with_end({"Not in the chosen hours", "不在所选工作时段"}, d.left);
        case Reason::business_hours:
            return with_end({"Business hours, and the billing software has not said that this seat "
                             "is free",
                             "营业时间内，计费软件未报告此机位空闲"},
                            d.left);
        case Reason::seat_taken:
            return {"The billing software says that this seat is taken.",
                    "计费软件显示此机位正在使用。"};
        case Reason::game:
            return {d.name + " is running.", "正在运行游戏 " + d.name + "。"};
        case Reason::full_screen:
            return {d.name + " fills the screen.", d.name + " 正在全屏运行。"};
        case Reason::film:
            return {d.name + " keeps the screen on, as films do.", d.name + " 正在播放。"};
        case Reason::in_use:
            return with_end({"Somebody is using this PC", "有人正在使用电脑"}, d.left);
        case Reason::unknown_use:
            return {
                "It cannot be told whether somebody uses this PC: let the service read the input "
                "devices (see the guide), or choose to work also while the PC is used.",
                "无法判断是否有人在使用电脑：请允许服务读取输入设备（见说明），或选择使用时也工作"
                "。"};
        case Reason::others_cpu:
            return {"Other programs use " + number + " % of the processor.",
                    "其他程序占用了 " + number + "% 的处理器。"};
        case Reason::on_battery:
            return {"The PC runs on battery.", "电脑正在使用电池。"};
        case Reason::metered:
            return {"The network counts traffic.", "当前网络按流量计费。"};
        case Reason::traffic_cap:
            return {"This month's traffic of " + number + " GB is used up.",
                    "本月 " + number + " GB 流量已用完。"};
        case Reason::device_lost:
            return {or_else(d.name, "The GPU") + " is gone or its driver restarts.",
                    or_else(d.name, "显卡") + " 已丢失或驱动正在重启。"};
        case Reason::device_failed:
            return with_end(
                {"Work on it failed repeatedly: " + d.name, "任务在此设备上多次失败：" + d.name},
                d.left);
        case Reason::others_gpu:
            return {or_else(d.name, "Another program") + " is using it.",
                    or_else(d.name, "其他程序") + " 正在使用此设备。"};
        case Reason::too_hot:
            return {"It is " + number + " °C hot and cools down.",
                    "温度 " + number + " °C，正在降温。"};
    }
    return {};
}

std::string_view told_outside(Reason reason) {
    switch (reason) {
        case Reason::none:
            return "";
        case Reason::shutting_down:
            return "the system is shutting down";
        case Reason::paused_by_person:
        case Reason::schedule:
        case Reason::business_hours:
        case Reason::on_battery:
        case Reason::metered:
        case Reason::traffic_cap:
            return "the owner's settings";
        case Reason::snoozed_for_program:
        case Reason::seat_taken:
        case Reason::game:
        case Reason::full_screen:
        case Reason::film:
        case Reason::in_use:
        case Reason::unknown_use:
        case Reason::others_cpu:
        case Reason::others_gpu:
            return "in use";
        case Reason::device_lost:
            return "the device is lost";
        case Reason::device_failed:
            return "the device failed repeatedly";
        case Reason::too_hot:
            return "too hot";
    }
    return "";
}

}  // namespace gleaner::guest
