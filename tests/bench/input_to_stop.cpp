/// Sends one real key press to the X server of DISPLAY and watches a process: how long until it
/// computes no more, and until its memory is free. Prints both in microseconds; -1: not within 5 s.
///   bench_input PID

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <xcb/xcb.h>
#include <xcb/xtest.h>

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto limit = std::chrono::seconds(5);
constexpr auto look_interval = std::chrono::microseconds(200);
constexpr std::uint8_t some_key = 38;

/// The letter of /proc/PID/stat; 'X' when it is gone.
char state_of(const std::string& folder) {
    std::ifstream file(folder + "/stat");
    std::string text;
    std::getline(file, text);
    const auto name_end = text.rfind(')');
    return name_end == std::string::npos ? 'X' : text[name_end + 2];
}

bool holds_memory(const std::string& folder) {
    std::ifstream file(folder + "/statm");
    unsigned long size = 0;
    return (file >> size) && size > 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const std::string folder = "/proc/" + std::string(argv[1]);
    xcb_connection_t* display = xcb_connect(nullptr, nullptr);
    if (xcb_connection_has_error(display) != 0) {
        std::fprintf(stderr, "no X server at DISPLAY\n");
        return 1;
    }
    const auto begin = Clock::now();
    xcb_test_fake_input(display, XCB_KEY_PRESS, some_key, XCB_CURRENT_TIME, XCB_NONE, 0, 0, 0);
    xcb_test_fake_input(display, XCB_KEY_RELEASE, some_key, XCB_CURRENT_TIME, XCB_NONE, 0, 0, 0);
    xcb_flush(display);
    long stopped = -1;
    long freed = -1;
    while (freed < 0 && Clock::now() - begin < limit) {
        const auto passed =
            std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count();
        const char state = state_of(folder);
        if (stopped < 0 && (state == 'T' || state == 'Z' || state == 'X')) stopped = passed;
        if (!holds_memory(folder)) {
            freed = passed;
            if (stopped < 0) stopped = passed;  // killed: not seen to stand still before
        }
        // One that stands still keeps its memory: nothing more to wait for.
        if (state == 'T' && passed > stopped + 20'000) break;
        std::this_thread::sleep_for(look_interval);
    }
    xcb_disconnect(display);
    std::printf("{\"stopped_us\":%ld,\"freed_us\":%ld}\n", stopped, freed);
    return 0;
}
