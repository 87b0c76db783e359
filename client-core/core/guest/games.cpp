/// Games by their programs' names, so that most people need to list none.

#include <algorithm>
#include <string>

#include "client-core/core/guest/settings.h"

namespace gleaner::guest {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string plain_name(std::string_view program) {
    std::string name(program);
    std::transform(name.begin(), name.end(), name.begin(), lower);
    if (name.ends_with(".exe")) name.resize(name.size() - 4);
    return name;
}

/// Linux shows the first 15 bytes of a program's name only.
constexpr std::size_t shown_bytes = 15;

bool same_program(const std::string& shown, const std::string& name) {
    return shown == name || (shown.size() == shown_bytes && name.starts_with(shown));
}

}  // namespace

const std::vector<std::string_view>& game_presets() {
    static const std::vector<std::string_view> names = [] {
        std::vector<std::string_view> list = {"7daystodie",
                                              "aces",
                                              "ageofempires4",
                                              "apexlegends",
                                              "aion",
                                              "armoredcore6",
                                              "bf1",
                                              "bf2042",
                                              "bfv",
                                              "blackdesert64",
                                              "blackmythwukong",
                                              "b1-win64-shipping",
                                              "borderlands3",
                                              "cod",
                                              "crossfire",
                                              "cs2",
                                              "csgo",
                                              "csgo_linux64",
                                              "cyberpunk2077",
                                              "darksoulsiii",
                                              "dayz_x64",
                                              "deadbydaylight-win64-shipping",
                                              "deltaforceclient-win64-shipping",
                                              "destiny2",
                                              "diablo iv",
                                              "dnf",
                                              "dota2",
                                              "eldenring",
                                              "ets2_x64",
                                              "eurotrucks2",
                                              "ff7remake_",
                                              "ffxiv_dx11",
                                              "fifa23",
                                              "fc24",
                                              "fc25",
                                              "factorio",
                                              "fortniteclient-win64-shipping",
                                              "forzahorizon5",
                                              "gameclient_x64",
                                              "genshinimpact",
                                              "gta5",
                                              "gtav",
                                              "halflife2",
                                              "hearthstone",
                                              "helldivers2",
                                              "heroes of the storm",
                                              "hl2_linux",
                                              "hogwartslegacy",
                                              "jx3clientx64",
                                              "kingdomcome",
                                              "league of legends",
                                              "leagueclient",
                                              "left4dead2",
                                              "lol",
                                              "maplestory",
                                              "mhw",
                                              "minecraft",
                                              "minecraft.windows",
                                              "minecraftlauncher",
                                              "modernwarfare",
                                              "monsterhunterwilds",
                                              "naraka",
                                              "narakabladepoint",
                                              "nba2k24",
                                              "nba2k25",
                                              "need for speed heat",
                                              "nikke",
                                              "osu!",
                                              "overwatch",
                                              "palworld-win64-shipping",
                                              "pathofexile_x64",
                                              "pathofexilesteam",
                                              "payday2",
                                              "pubg",
                                              "qqspeed",
                                              "r5apex",
                                              "rainbowsix",
                                              "rdr2",
                                              "re8",
                                              "re4",
                                              "rocketleague",
                                              "robloxplayerbeta",
                                              "rust",
                                              "rustclient",
                                              "satisfactory",
                                              "sc2_x64",
                                              "sekiro",
                                              "seaofthieves",
                                              "snowrunner",
                                              "squadgame",
                                              "starcraft",
                                              "starfield",
                                              "starrail",
                                              "stardew valley",
                                              "supertux2",
                                              "supertuxkart",
                                              "terraria",
                                              "the witcher 3",
                                              "titanfall2",
                                              "tslgame",
                                              "valheim",
                                              "valorant",
                                              "valorant-win64-shipping",
                                              "war3",
                                              "warframe.x64",
                                              "warthunder",
                                              "wow",
                                              "wowclassic",
                                              "wuwa",
                                              "wutheringwaves",
                                              "client-win64-shipping",
                                              "x4",
                                              "xonotic-glx",
                                              "xonotic-sdl",
                                              "yuanshen",
                                              "yysls",
                                              "zenlesszonezero",
                                              "0ad",
                                              "openttd",
                                              "wesnoth"};
        std::sort(list.begin(), list.end());
        return list;
    }();
    return names;
}

bool is_game(std::string_view program, const Settings& settings) {
    const std::string name = plain_name(program);
    if (name.empty()) return false;
    const auto is_it = [&name](std::string_view game) {
        return same_program(name, plain_name(game));
    };
    if (std::any_of(settings.games.begin(), settings.games.end(), is_it)) return true;
    const auto& presets = game_presets();
    return settings.use_game_presets && std::any_of(presets.begin(), presets.end(), is_it);
}

}  // namespace gleaner::guest
