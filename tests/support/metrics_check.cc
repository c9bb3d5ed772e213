#include "tests/support/metrics_check.h"

#include <cmath>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace privyseal::test {
namespace {

/// One family: what its HELP and TYPE say, and its samples by their labels without `le`.
struct Family {
  std::string type;
  std::map<std::string, std::map<double, double>> buckets;  // bound -> count
  std::map<std::string, double> counts;
  std::set<std::string> sums;
};

class Check {
 public:
  std::string run(const std::string& text) {
    if (!text.empty() && text.back() != '\n') return "the last line does not end";
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
      if (const std::string wrong = look_at(line); !wrong.empty()) return wrong + ": " + line;
    return histograms();
  }

 private:
  std::string look_at(const std::string& line) {
    static const std::regex kHelp(R"(# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) \S.*)");
    static const std::regex kType(R"(# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram))");
    static const std::regex kSample(
        R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\[\\"n])*",?)+)\})? (\S+))re");
    std::smatch parts;
    if (std::regex_match(line, parts, kHelp)) {
      helped_ = parts[1];
      return families_.contains(helped_) ? "a family twice" : "";
    }
    if (std::regex_match(line, parts, kType)) {
      if (parts[1] != helped_) return "TYPE without its HELP";
      if (parts[2] == "counter" && !helped_.ends_with("_total")) return "a counter that is not a _total";
      families_[helped_].type = parts[2];
      return "";
    }
    if (!std::regex_match(line, parts, kSample)) return "no line of the format";
    if (!seen_.insert(line.substr(0, line.rfind(' '))).second) return "a sample twice";
    return sample(parts[1], parts[2], parts[3]);
  }

  std::string sample(const std::string& name, const std::string& labels, const std::string& number) {
    std::size_t used = 0;
    double value = 0;
    try {
      value = std::stod(number, &used);
    } catch (const std::exception&) {
      return "no number";
    }
    if (used != number.size()) return "no number";
    const auto family = families_.find(helped_);
    if (family == families_.end()) return "a sample before its TYPE";
    if (family->second.type != "histogram") return name == helped_ ? "" : "a sample of another family";
    static const std::regex kBound(R"re((^|,)le="([^"]*)")re");
    const std::string others = std::regex_replace(labels, kBound, "");
    std::smatch bound;
    if (name == helped_ + "_sum") return family->second.sums.insert(others), "";
    if (name == helped_ + "_count") return family->second.counts[others] = value, "";
    if (name != helped_ + "_bucket" || !std::regex_search(labels, bound, kBound))
      return "no part of a histogram";
    family->second.buckets[others][std::stod(bound[2])] = value;
    return "";
  }

  std::string histograms() const {
    for (const auto& [name, family] : families_)
      for (const auto& [labels, buckets] : family.buckets) {
        double last = 0;
        for (const auto& [bound, count] : buckets) {
          if (count < last) return name + ": buckets that fall";
          last = count;
        }
        if (!std::isinf(buckets.rbegin()->first)) return name + ": no bucket +Inf";
        if (!family.counts.contains(labels) || family.counts.at(labels) != last)
          return name + ": another _count";
        if (!family.sums.contains(labels)) return name + ": no _sum";
      }
    return "";
  }

  std::string helped_;
  std::map<std::string, Family> families_;
  std::set<std::string> seen_;
};

}  // namespace

std::string wrong_in_metrics(const std::string& text) { return Check().run(text); }

}  // namespace privyseal::test
