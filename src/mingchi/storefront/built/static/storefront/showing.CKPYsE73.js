import{o,D as a}from"./index-DV_ocBka.js";function s(s){o(()=>{a.value&&s()})}export{s as o};
