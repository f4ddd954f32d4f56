"""Delivery into Ceph radosgw, a real S3 service, beside curl that PUTs the same bodies into it."""

import json

from s3 import S3

from . import datasets, delivery

FLOOR_BUCKET = "floor"
OPEN_TO_ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject",
                   "Resource": f"arn:aws:s3:::{FLOOR_BUCKET}/*"}],
}


class Gateway:
    """The stack's radosgw."""

    def __init__(self, stack):
        stack.start_s3()
        environment = {name.removeprefix("LOG_COURIER_"): value for name, value in stack.environment.items()}
        self.endpoint = environment["S3_ENDPOINT"]
        self.client = S3(self.endpoint, environment["S3_REGION"], environment["S3_ACCESS_KEY_ID"],
                         environment["S3_SECRET_ACCESS_KEY"])
        # What curl PUTs is not signed: curl's own signing would cost more than the rest.
        self.client.request(FLOOR_BUCKET, method="PUT")
        self.client.request(FLOOR_BUCKET, query=[("policy", "")], method="PUT",
                            body=json.dumps(OPEN_TO_ALL).encode())

    def empty(self, buckets):
        for bucket in buckets:
            for key, _ in list(self.client.list_objects(bucket)):
                self.client.request(bucket, key, method="DELETE")


def measure(world, case, data, repetitions):
    gateway = Gateway(world.stack)
    buckets = [bucket for bucket, _ in data.targets]
    table = datasets.ensure(world.stack, data, world.say)
    world.say("makes the bodies")
    delivery.deliver(world, next(iter(world.couriers.values())), table, data.rows)
    bodies = world.place("bodies")
    world.move(world.sink.objects, bodies)
    settings = {"S3_ENDPOINT": gateway.endpoint, "S3_CONDITIONAL_PUT": "auto"}
    repetitions = world.repetitions or repetitions
    for repetition in range(repetitions):
        for who, courier in world.couriers.items():
            world.say(f"repetition {repetition + 1} of {repetitions}: {who}")
            gateway.empty(buckets)
            outcome = delivery.deliver(world, courier, table, data.rows, settings)
            delivery.add_outcome(case, outcome, who)
            delivery.add_objects(case, outcome, who)
        world.say(f"repetition {repetition + 1} of {repetitions}: curl")
        cpu, passed, count, size = delivery.Floor(world).put(bodies, f"{gateway.endpoint}/{FLOOR_BUCKET}")
        case.add("libcurl CPU per PUT, unsigned", "us", cpu / count)
        case.add("curl PUTs, rows/s", "rows/s", data.rows * 1e6 / passed)
        case.add("curl PUTs", "MB/s", size / passed)
        gateway.empty([FLOOR_BUCKET])
    gateway.empty(buckets)
    case.add_ratio("rows/s / curl's PUTs alone", "rows/s end to end", "curl PUTs, rows/s")
