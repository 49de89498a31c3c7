"""A function of your own, judged as a doubt on the course's questions, beside the course's own.

``uncertainty.leaderboard(add={"mine": function})`` is its door.

May import: loading, generation, evaluation, data, measures, course.
"""
