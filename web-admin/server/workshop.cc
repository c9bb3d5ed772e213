#include "web-admin/server/workshop.h"

#include <condition_variable>
#include <mutex>

namespace privyseal::web {

void wait_for_end(const std::stop_token& stop, std::chrono::seconds most) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  static_cast<void>(never.wait_for(lock, stop, most, [] { return false; }));
}

}  // namespace privyseal::web
