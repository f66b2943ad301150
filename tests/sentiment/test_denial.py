import pytest

from sentiment.denial import denied, plain


@pytest.mark.parametrize(
    "clause",
    [
        "not rude at all",
        "We didn't have to wait",
        "there was no queue",
        "never had any problems",
        "The waiters weren't slow",
        "far from expensive",
        "очереди не было",
        "лишних трат удалось избежать",
        "очередь меня миновала",
        "Ждать вообще не пришлось",
        "персонал совсем не грубый",
        "никаких скрытых комиссий",
        "ни разу не завис",
        "грязи нигде нет",
        "грубости со стороны охраны не заметил никакой",
        "slow it was not",
        "обошлось без хождения по кругу",
        "we were spared the usual wait",
        "Заказываешь в приложении, очередь не стоишь, всё просто работает.",
        "в очередях не стоим",
        "никогда не стою дольше минуты",
        "чтобы не стоять в очереди",
        "кофе не ждёшь ни секунды",
        "мы здесь никогда не ждём",
        "не пришлось ждать",
        "ждать почти не пришлось",
        "ждать не надо",
        "долго ждать не придётся",
        "долго стоять не приходится",
        "не надо стоять в очереди",
        "утренней очереди как не бывало",
        "больше никаких очередей",
        "очередей больше нет",
        "no more queues",
        "no more waiting in line",
        "never a queue",
        "was waiting on the shelf when I walked in",
        "My order was waiting on the shelf when I walked in",
        "Parcel was waiting for me",
        "пакет уже ждал на полке",
    ],
)
def test_a_complaint_denied(clause: str) -> None:
    assert denied(plain(clause)) == (True, False)


@pytest.mark.parametrize(
    "clause",
    [
        "the staff was not friendly",
        "it isn't worth the money",
        "nothing is easy here",
        "невкусно",
        "совсем не уютно",
        "проблему так и не решили",
        "быстрым обслуживание не назовёшь",
        "качеством швы не блещут",
    ],
)
def test_praise_denied(clause: str) -> None:
    assert denied(plain(clause))[1]


@pytest.mark.parametrize(
    "clause",
    [
        "I can't say that the counter was busy",
        "нельзя сказать, что тут дорого",
        "не было такого, чтобы код не пришёл",
        "о скидках можно забыть",
        "я бы не сказала, что тут дорого",
        "не сказала бы, что заказ несли долго",
        "it was not as if anyone hurried",
    ],
)
def test_what_stands_in_a_denial_of_saying_is_denied(clause: str) -> None:
    assert denied(plain(clause)) == (True, True)


@pytest.mark.parametrize(
    "clause",
    [
        "nobody answers the phone",
        "the app does not work",
        "we never got the order",
        "not only slow but rude",
        "приложение не работает",
        "никто не отвечает",
        "деньги не вернули",
        "не только дорого, но и грязно",
        "we left, no waiter in sight",
        "couldn't be better",
        "they can't say when it comes",
        "I can't call them",
        "I can't claim my bonus",
        "they wouldn't say why",
        "it was as if nobody worked there",
        "I can't say enough of the team",
        "мне не сказали, что воды три дня",
        "не назвали срок",
        "не обошлось без хамства",
        "избежать очереди не получится",
        "миновало три недели, посылки всё ждём",
        "очередь стоит не двигается",
        "не дождался",
        "ждал час и не дождался",
        "долго ждали заказ и не дождались",
        "сколько можно не отвечать",
        "сколько можно ждать",
        "не стоило стоять в очереди",
        "не хочу больше стоять в очереди",
        "четыре месяца жду, уже не жду",
        "ничего не жду от банка",
        "вас тут не ждут",
        "стоять в их очереди больше нет сил",
        "no more cold fries for me",
        "I was waiting at the counter when I saw him",
        "a dirty room was waiting for us",
        "заказ уже ждал неделю на складе",
    ],
)
def test_a_complaint_that_is_itself_a_negation_stands(clause: str) -> None:
    assert denied(plain(clause)) == (False, False)


@pytest.mark.parametrize(
    "clause", ["не стоит своих денег", "кофе не стоит ожидания", "быстрого ответа не дождался"]
)
def test_praise_denied_is_no_complaint_denied(clause: str) -> None:
    assert denied(plain(clause)) == (False, True)
