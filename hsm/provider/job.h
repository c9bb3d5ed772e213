/// Questions to keyd inside one of OpenSSL's ASYNC jobs: the job is paused until the answer is
/// there, and its thread goes on with something else.
///
/// Only for a job whose wait context has a callback (ASYNC_WAIT_CTX_set_callback): it is called from another
/// thread when the job is to be resumed. A job that is resumed too early pauses again. Whoever owns a job and
/// wants to be rid of it sets its wait context's status to ASYNC_STATUS_ERR and resumes it once more: the
/// question then fails at once, and the callback is not called again.
///
/// Threads: that of the job. What other threads know of a question lies on the heap and never points into a
/// job.
#pragma once

#include <chrono>
#include <optional>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "hsm/async_client.h"

namespace privyseal::hsm::provider {

/// How the job that runs now is told to go on; nothing outside of jobs, and in those without a callback.
[[nodiscard]] std::optional<Wake> wake_of_this_job();

/// Inside a job that has a Wake. Errors as AsyncClient; kUnavailable also when the job was given up.
[[nodiscard]] Result<Bytes> signature_in_job(const Result<QuestionRef>& question);
[[nodiscard]] Result<bool> health_in_job(AsyncClient& keyd, std::chrono::milliseconds deadline, Wake wake);

}  // namespace privyseal::hsm::provider
