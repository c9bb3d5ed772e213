#include "firmware/base/metrics_text.h"

#include <algorithm>
#include <format>
#include <numeric>

namespace privyseal {
namespace {

constexpr std::array<std::string_view, 3> kTypes{"counter", "gauge", "histogram"};

/// The three bytes that the format escapes in a label's value.
std::string escaped_label(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    text += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return text;
}

}  // namespace

void Histogram::observe(double value) {
  const auto place = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  ++counts_.at(static_cast<std::size_t>(place));
  sum_ += value;
}

std::vector<std::uint64_t> Histogram::cumulative() const {
  std::vector<std::uint64_t> all(counts_.size());
  std::partial_sum(counts_.begin(), counts_.end(), all.begin());
  return all;
}

void MetricsText::family(std::string_view name, Type type, std::string_view help) {
  name_ = name;
  text_ += std::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                       kTypes.at(static_cast<std::size_t>(type)));
}

void MetricsText::sample(const Labels& labels, double value) { line("", labels, std::format("{}", value)); }

void MetricsText::histogram(const Labels& labels, const Histogram& values) {
  const auto counts = values.cumulative();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    Labels with_bound = labels;
    with_bound.emplace_back("le",
                            i < values.bounds().size() ? std::format("{}", values.bounds()[i]) : "+Inf");
    line("_bucket", with_bound, std::to_string(counts[i]));
  }
  line("_sum", labels, std::format("{}", values.sum()));
  line("_count", labels, std::to_string(counts.back()));
}

void MetricsText::line(std::string_view suffix, const Labels& labels, std::string_view value) {
  text_ += name_;
  text_ += suffix;
  for (std::size_t i = 0; i < labels.size(); ++i)
    text_ += std::format("{}{}=\"{}\"", i == 0 ? "{" : ",", labels[i].first, escaped_label(labels[i].second));
  text_ += std::format("{} {}\n", labels.empty() ? "" : "}", value);
}

}  // namespace privyseal
