"""How often the garbage collector looks: what start-up made lives as long as the process, and most of the rest dies by itself."""

import gc


def settle(*, most_containers: int) -> None:
    """Take what was made so far out of the collector's sight, once a process, and let it look after so many new containers only.

    Full collections that walk what start-up made took a third of a busy process's time.
    """
    if gc.get_freeze_count() == 0:
        gc.collect()
        gc.freeze()
    gc.set_threshold(max(most_containers, gc.get_threshold()[0]), 20, 20)
