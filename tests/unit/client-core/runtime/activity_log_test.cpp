/// The log for the person at the machine: kept over restarts, bounded, searched in both languages.

#include "client-core/runtime/activity_log.h"

#include <filesystem>
#include <fstream>
#include <stdlib.h>

#include <doctest/doctest.h>

using namespace gleaner;
namespace fs = std::filesystem;

namespace {

struct Folder {
    Folder() {
        std::string pattern = (fs::temp_directory_path() / "activity-XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        path = pattern;
    }
    ~Folder() { fs::remove_all(path); }
    fs::path path;
};

}  // namespace

TEST_CASE("activity is kept over a restart and goes on counting") {
    Folder folder;
    ManualClock clock;
    {
        ActivityLog log(folder.path, clock);
        log.add(ActivityLog::Level::info, {"began", "开始"});
        log.add(ActivityLog::Level::error, {"card lost", "显卡丢失"});
    }
    ActivityLog log(folder.path, clock);
    log.add(ActivityLog::Level::info, {"again", "再次"});
    const auto lines = log.page(0, 10, "");
    REQUIRE(lines.size() == 3);
    CHECK(lines[1].level == ActivityLog::Level::error);
    CHECK(lines[1].text.zh == "显卡丢失");
    CHECK(lines[2].number == 3);
    CHECK(lines[2].at_s == clock.wall().seconds());
}

TEST_CASE("pages go back from a line, and are filtered in both languages") {
    Folder folder;
    ManualClock clock;
    ActivityLog log(folder.path, clock);
    for (int i = 1; i <= 20; ++i)
        log.add(ActivityLog::Level::info, {(i % 2 == 0 ? "Paused " : "Works ") + std::to_string(i),
                                           i % 2 == 0 ? "暂停" : "工作"});
    const auto newest = log.page(0, 3, "");
    REQUIRE(newest.size() == 3);
    CHECK(newest[0].number == 18);
    const auto before = log.page(18, 2, "paused");
    REQUIRE(before.size() == 2);
    CHECK(before[0].number == 14);
    CHECK(before[1].number == 16);
    CHECK(log.page(0, 100, "工作").size() == 10);
}

TEST_CASE("the same thing said twice in a row is one line") {
    Folder folder;
    ManualClock clock;
    ActivityLog log(folder.path, clock);
    for (int i = 0; i < 5; ++i) log.add(ActivityLog::Level::info, {"waits", "等待"});
    CHECK(log.page(0, 10, "").size() == 1);
}

TEST_CASE("what cannot be read is skipped, and the rest is there") {
    Folder folder;
    ManualClock clock;
    {
        ActivityLog log(folder.path, clock);
        log.add(ActivityLog::Level::info, {"good", "好"});
    }
    {
        std::ofstream file(folder.path / "activity.log", std::ios::app);
        file << "\x01\x02 not json\n{\"n\": "
                "-1}\n{\"n\":7,\"at\":1,\"level\":\"info\",\"en\":\"late\",";
    }
    ActivityLog log(folder.path, clock);
    REQUIRE(log.page(0, 10, "").size() == 1);
    log.add(ActivityLog::Level::info, {"goes on", "继续"});
    CHECK(log.page(0, 10, "").size() == 2);
}

TEST_CASE("the files stay within their bound, and the newest lines are kept") {
    Folder folder;
    ManualClock clock;
    const std::string filler(1'000, 'x');
    {
        ActivityLog log(folder.path, clock);
        for (int i = 1; i <= 3'000; ++i)
            log.add(ActivityLog::Level::info, {filler + std::to_string(i), ""});
    }
    std::uintmax_t bytes = 0;
    for (const auto& file : fs::directory_iterator(folder.path)) bytes += file.file_size();
    CHECK(bytes <= 2 * ActivityLog::file_bytes_max);
    ActivityLog log(folder.path, clock);
    CHECK(log.page(0, 1, "").front().number == 3'000);
    CHECK(log.page(0, 10'000, "").size() > 900);
}

TEST_CASE("a folder that takes nothing still has its lines in memory") {
    ManualClock clock;
    ActivityLog log("/proc/no/such/folder", clock);
    log.add(ActivityLog::Level::info, {"works", "工作"});
    CHECK(log.page(0, 10, "").size() == 1);
}
