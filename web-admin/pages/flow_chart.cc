#include "web-admin/pages/flow_chart.h"

#include <algorithm>
#include <format>

#include "web-admin/pages/layout.h"

namespace privyseal::web {
namespace {

constexpr int kWidth = 600;
constexpr int kHeight = 120;
constexpr std::size_t kMinutesARow = 10;
constexpr std::size_t kMaxMinutes = 240;

std::string number(double value) { return std::format("{:.2f}", value); }

/// "07:30" of an RFC 3339 time.
std::string clock_time(const std::string& rfc3339) {
  return rfc3339.size() >= 16 ? rfc3339.substr(11, 5) : rfc3339;
}

Html bar(std::string_view kind, double x, double y, double width, double height) {
  return el("rect", {{"class", kind},
                     {"x", number(x)},
                     {"y", number(y)},
                     {"width", number(width)},
                     {"height", number(height)}});
}

Html bars_of(const FlowMinute& minute, double x, double width, double per_message) {
  Html bars;
  double y = kHeight;
  for (const auto& [kind, count] : {std::pair{"ps-delivered", minute.delivered},
                                    {"ps-deferred", minute.deferred},
                                    {"ps-refused", minute.refused}}) {
    if (count == 0) continue;
    const double height = static_cast<double>(count) * per_message;
    y -= height;
    bars += bar(kind, x, y, width, height);
  }
  return bars;
}

Html line_at(int y) {
  return el("line", {{"class", "ps-line"},
                     {"x1", "0"},
                     {"x2", std::to_string(kWidth)},
                     {"y1", std::to_string(y)},
                     {"y2", std::to_string(y)}});
}

Html legend() {
  Html entries;
  for (const auto& [kind, word] : {std::pair{"ps-delivered", "Delivered"},
                                   {"ps-deferred", "To be tried again"},
                                   {"ps-refused", "Refused"}})
    entries += el("li", {},
                  el("svg", {{"class", "ps-swatch"}, {"viewBox", "0 0 10 10"}, {"aria-hidden", "true"}},
                     el("rect", {{"class", kind}, {"width", "10"}, {"height", "10"}})),
                  word);
  return el("ul", {{"class", "ps-legend"}}, entries);
}

}  // namespace

std::vector<FlowMinute> flow_of(const JsonObject& answer) {
  std::vector<FlowMinute> minutes;
  const JsonArray* array = json_array(answer, "minutes");
  if (array == nullptr) return minutes;
  for (const Json& entry : *array) {
    if (!entry.is_object() || minutes.size() == kMaxMinutes) continue;
    const JsonObject& minute = entry.get_object();
    minutes.push_back({.at = shown(minute, "at"),
                       .delivered = count_of(minute, "delivered"),
                       .refused = count_of(minute, "refused"),
                       .deferred = count_of(minute, "deferred")});
  }
  return minutes;
}

Html flow_chart(const std::vector<FlowMinute>& minutes) {
  if (minutes.empty()) return {};
  std::int64_t most = 1;
  for (const FlowMinute& minute : minutes) most = std::max(most, minute.all());
  const double step = static_cast<double>(kWidth) / static_cast<double>(minutes.size());
  const double per_message = static_cast<double>(kHeight) / static_cast<double>(most);
  Html bars;
  for (std::size_t i = 0; i < minutes.size(); ++i)
    bars += bars_of(minutes[i], static_cast<double>(i) * step + step * 0.1, step * 0.8, per_message);
  const std::string top = std::to_string(most) + (most == 1 ? " message a minute" : " messages a minute");
  // The words stand outside of the drawing, which shrinks with the screen.
  return join(el("p", {{"class", "ps-axis"}}, top),
              el("svg",
                 {{"class", "ps-chart"},
                  {"viewBox", std::format("0 -1 {} {}", kWidth, kHeight + 2)},
                  {"role", "img"},
                  {"aria-label", "Messages in each of the last " + std::to_string(minutes.size()) +
                                     " minutes; the table below has the numbers"}},
                 line_at(0), line_at(kHeight), bars),
              el("p", {{"class", "ps-axis ps-axis--times"}}, el("span", {}, clock_time(minutes.front().at)),
                 el("span", {}, clock_time(minutes.back().at))),
              legend());
}

Html flow_table(const std::vector<FlowMinute>& minutes) {
  Table numbers{.caption = "Messages, ten minutes a row",
                .columns = {"From", "Delivered", "To be tried again", "Refused"},
                .rows = {}};
  for (std::size_t begin = 0; begin < minutes.size(); begin += kMinutesARow) {
    FlowMinute sum{.at = minutes[begin].at};
    for (std::size_t i = begin; i < std::min(begin + kMinutesARow, minutes.size()); ++i) {
      sum.delivered += minutes[i].delivered;
      sum.refused += minutes[i].refused;
      sum.deferred += minutes[i].deferred;
    }
    numbers.rows.push_back({clock_time(sum.at), std::to_string(sum.delivered), std::to_string(sum.deferred),
                            std::to_string(sum.refused)});
  }
  return table(numbers);
}

}  // namespace privyseal::web
