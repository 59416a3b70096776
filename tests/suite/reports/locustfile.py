"""A hundred requests, half of which fail."""
import time

from locust import User, constant, stats, task

# The statistics are written in intervals; the run is shorter than the usual one.
stats.CSV_STATS_INTERVAL_SEC = 0.1


class Caller(User):
    """Reports what it did itself, so that no server is needed."""

    wait_time = constant(0)

    def report(self, name, exception):
        """One request that took two milliseconds."""
        self.environment.events.request.fire(
            request_type="GET", name=name, response_time=2, response_length=0, exception=exception, context={}
        )
        time.sleep(0.02)
        if self.environment.stats.total.num_requests >= 100:
            self.environment.runner.quit()

    @task
    def good(self):
        """Answered."""
        self.report("/good", None)

    @task
    def bad(self):
        """Refused."""
        self.report("/bad", ConnectionError("refused"))
