/// Settings in plain words.

#include <string>

#include "client-core/core/guest/settings.h"

namespace gleaner::guest {

namespace {

std::string clock_text(std::uint32_t minute) {
    const auto two = [](std::uint32_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    return two(minute / 60) + ":" + two(minute % 60);
}

std::string gib(std::uint64_t bytes) {
    const std::uint64_t tenths = bytes * 10 / (1ull << 30);
    return std::to_string(tenths / 10) +
           (tenths % 10 != 0 ? "." + std::to_string(tenths % 10) : "") + " GB";
}

struct Words {
    std::string en;
    std::string zh;
    void add(const std::string& english, const std::string& chinese) {
        if (!en.empty()) {
            en += ' ';
        }
        en += english;
        zh += chinese;
    }
};

void add_hours(const Settings& s, std::string& en, std::string& zh) {
    if (s.hours.all()) {
        en = "at any hour";
        zh = "全天";
        return;
    }
    static constexpr const char* english[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static constexpr const char* chinese[] = {"周一", "周二", "周三", "周四",
                                              "周五", "周六", "周日"};
    static constexpr std::string_view names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (const std::string& line : hours_to_text(s.hours)) {
        const auto space = line.find(' ');
        std::string days_en = line.substr(0, space);
        std::string days_zh = days_en;
        for (std::size_t i = 0; i < 7; ++i) {
            if (const auto at = days_en.find(names[i]); at != std::string::npos)
                days_en.replace(at, 3, english[i]);
            if (const auto at = days_zh.find(names[i]); at != std::string::npos)
                days_zh.replace(at, 3, chinese[i]);
        }
        if (const auto dash = days_zh.find('-'); dash != std::string::npos)
            days_zh.replace(dash, 1, "至");
        const bool every_day = line.starts_with("mon-sun ");
        std::string spans;
        for (const char c : line.substr(space + 1))
            spans += c == ',' ? ", " : c == '-' ? "–" : std::string(1, c);
        en += (en.empty() ? "" : "; ") + (every_day ? std::string("daily") : days_en) + " " +
              spans + " h";
        zh += (zh.empty() ? "" : "；") + (every_day ? std::string("每天") : days_zh) + " " + spans +
              " 点";
    }
}

/// "games, films and full-screen programs"
void add_stops(const Settings& s, std::string& en, std::string& zh) {
    std::vector<std::pair<const char*, const char*>> parts;
    if (s.use_game_presets || !s.games.empty()) parts.emplace_back("games", "游戏");
    if (s.pause_on_full_screen) parts.emplace_back("full-screen programs", "全屏程序");
    if (s.pause_on_film) parts.emplace_back("films", "视频播放");
    parts.emplace_back("any other program that uses the GPU", "其他占用显卡的程序");
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) {
            en += i + 1 == parts.size() ? " and " : ", ";
            zh += i + 1 == parts.size() ? "和" : "、";
        }
        en += parts[i].first;
        zh += parts[i].second;
    }
}

void add_limits(const Settings& s, Words& words) {
    std::string en;
    std::string zh;
    const auto add = [&](const std::string& english, const std::string& chinese) {
        en += (en.empty() ? "" : ", ") + english;
        zh += (zh.empty() ? "" : "，") + chinese;
    };
    if (s.gpu_power_percent < 100)
        add("the GPU at " + std::to_string(s.gpu_power_percent) + " % of its power",
            "显卡功耗 " + std::to_string(s.gpu_power_percent) + "%");
    if (s.cpu_threads > 0)
        add(std::to_string(s.cpu_threads) + " CPU threads",
            std::to_string(s.cpu_threads) + " 个 CPU 线程");
    if (s.memory_bytes > 0) add(gib(s.memory_bytes) + " of memory", "内存 " + gib(s.memory_bytes));
    if (s.disk_bytes > 0) add(gib(s.disk_bytes) + " of disk", "磁盘 " + gib(s.disk_bytes));
    if (s.month_bytes > 0)
        add(gib(s.month_bytes) + " of traffic a month", "每月流量 " + gib(s.month_bytes));
    if (!en.empty()) words.add("Takes at most " + en + ".", "最多使用：" + zh + "。");
}

}  // namespace

Sentence describe(const Settings& s) {
    if (s.hours.none())
        return {"Never works: no hour of the week is chosen.", "从不工作：每周没有选择任何时段。"};
    Words words;
    std::string hours_en;
    std::string hours_zh;
    add_hours(s, hours_en, hours_zh);
    const std::string minutes = std::to_string(s.idle_minutes);
    const std::string idle_en = s.idle_minutes == 0   ? "two seconds"
                                : s.idle_minutes == 1 ? "1 minute"
                                                      : minutes + " minutes";
    const std::string idle_zh = s.idle_minutes == 0 ? "2 秒" : minutes + " 分钟";
    switch (s.when_in_use) {
        case Settings::InUse::pause:
            words.add("Works " + hours_en + ", when nobody has used this PC for " + idle_en +
                          ", and stops at the first key or mouse movement.",
                      hours_zh + "，电脑无人使用 " + idle_zh +
                          "后开始工作，一有键盘或鼠标操作立即停止。");
            break;
        case Settings::InUse::throttle:
            words.add("Works " + hours_en +
                          ", and slowly while somebody uses this PC (until nobody has for " +
                          idle_en + ").",
                      hours_zh + "工作；有人使用电脑时低速运行，空闲 " + idle_zh + "后恢复全速。");
            break;
        case Settings::InUse::run:
            words.add("Works " + hours_en + ", also while somebody uses this PC.",
                      hours_zh + "工作，有人使用电脑时也不停止。");
            break;
    }
    std::string stops_en;
    std::string stops_zh;
    add_stops(s, stops_en, stops_zh);
    words.add("Stops at once for " + stops_en + ".", "遇到" + stops_zh + "时立即停止。");
    if (has_business_hours(s))
        words.add("From " + clock_text(s.business_from_minute) + " to " +
                      clock_text(s.business_to_minute) +
                      " only on seats that the billing software says are free.",
                  "营业时间 " + clock_text(s.business_from_minute) + "–" +
                      clock_text(s.business_to_minute) + " 内，只在计费软件显示空闲的机位上工作。");
    if (s.pause_on_battery && s.pause_on_metered)
        words.add("Not on battery, nor over a metered network.",
                  "使用电池或按流量计费的网络时不工作。");
    else if (s.pause_on_battery)
        words.add("Not on battery.", "使用电池时不工作。");
    else if (s.pause_on_metered)
        words.add("Not over a metered network.", "使用按流量计费的网络时不工作。");
    add_limits(s, words);
    return {words.en, words.zh};
}

}  // namespace gleaner::guest
