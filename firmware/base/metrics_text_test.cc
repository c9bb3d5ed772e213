#include "firmware/base/metrics_text.h"

#include <gtest/gtest.h>

namespace privyseal {
namespace {

using Type = MetricsText::Type;

TEST(MetricsText, IsTheExpositionFormat) {
  MetricsText text;
  text.family("a_total", Type::kCounter, "How many.");
  text.sample({{"way", "out"}, {"result", "a\"b\\c\nd"}}, 3);
  text.family("b", Type::kGauge, "Now.");
  text.sample({}, 0.25);
  text.sample({}, 1e9);
  EXPECT_EQ(text.text(),
            "# HELP a_total How many.\n# TYPE a_total counter\n"
            "a_total{way=\"out\",result=\"a\\\"b\\\\c\\nd\"} 3\n"
            "# HELP b Now.\n# TYPE b gauge\nb 0.25\nb 1e+09\n");
}

TEST(MetricsText, GivesAHistogramItsCumulativeBuckets) {
  constexpr std::array kBounds{1.0, 10.0};
  Histogram values(kBounds);
  for (const double value : {0.5, 1.0, 3.0, 99.0}) values.observe(value);
  MetricsText text;
  text.family("h", Type::kHistogram, "Sizes.");
  text.histogram({{"of", "x"}}, values);
  EXPECT_EQ(
      text.text(),
      "# HELP h Sizes.\n# TYPE h histogram\n"
      "h_bucket{of=\"x\",le=\"1\"} 2\nh_bucket{of=\"x\",le=\"10\"} 3\nh_bucket{of=\"x\",le=\"+Inf\"} 4\n"
      "h_sum{of=\"x\"} 103.5\nh_count{of=\"x\"} 4\n");
}

}  // namespace
}  // namespace privyseal
