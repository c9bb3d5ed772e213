/// Figures in Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4).
///
/// Labels are few and fixed words: never an address, a name or an id of a mail.
///
/// Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace privyseal {

/// How many values were at most so big.
class Histogram {
 public:
  /// `bounds`: rising; they must outlive it.
  explicit Histogram(std::span<const double> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}

  void observe(double value);

  [[nodiscard]] std::span<const double> bounds() const { return bounds_; }
  /// Of values up to each bound and, last, of all.
  [[nodiscard]] std::vector<std::uint64_t> cumulative() const;
  [[nodiscard]] double sum() const { return sum_; }

 private:
  std::span<const double> bounds_;
  std::vector<std::uint64_t> counts_;  // of each bound alone; last: above all of them
  double sum_ = 0;
};

class MetricsText {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string>>;
  enum class Type { kCounter, kGauge, kHistogram };

  /// What follows are samples of `name`; each name once. `help` is one line.
  void family(std::string_view name, Type type, std::string_view help);
  void sample(const Labels& labels, double value);
  void histogram(const Labels& labels, const Histogram& values);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void line(std::string_view suffix, const Labels& labels, std::string_view value);

  std::string text_;
  std::string name_;
};

}  // namespace privyseal
